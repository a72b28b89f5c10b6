ALTER TABLE `grants` ADD `source_grant_id` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `objects` ADD `derived_bytes` integer DEFAULT 0 NOT NULL;