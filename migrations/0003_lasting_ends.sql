CREATE TABLE `absent_bans` (
	`group_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`absent_until` integer NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `ended_qr_codes` (
	`group_id` integer NOT NULL,
	`inviter_id` integer NOT NULL,
	`before_version` integer NOT NULL,
	PRIMARY KEY(`group_id`, `inviter_id`)
) WITHOUT ROWID;
--> statement-breakpoint
DROP INDEX `groups_public`;--> statement-breakpoint
ALTER TABLE `groups` ADD `finer_type` integer;--> statement-breakpoint
CREATE INDEX `groups_open` ON `groups` (`app_id`,`group_id`,`type`,`finer_type`) WHERE (type = 2 OR finer_type = 1) AND status = 0;--> statement-breakpoint
ALTER TABLE `apps` ADD `ended` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `other_settings` text DEFAULT '{}' NOT NULL;
