ALTER TABLE `applications` ADD `former_ids` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `apps` ADD `imported_at` integer;--> statement-breakpoint
ALTER TABLE `groups` ADD `import_mark` text;--> statement-breakpoint
ALTER TABLE `groups` ADD `source_id` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `groups_of_source` ON `groups` (`app_id`,`source_id`) WHERE source_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `invitations` ADD `former_ids` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `objects` ADD `name` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `objects` ADD `refused_status` integer DEFAULT 0 NOT NULL;