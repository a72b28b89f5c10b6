CREATE TABLE `console_links` (
	`link_hash` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL,
	`used` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `console_links_expired` ON `console_links` (`expires_at`);--> statement-breakpoint
CREATE TABLE `console_sessions` (
	`session_id` integer PRIMARY KEY NOT NULL,
	`session_hash` text NOT NULL,
	`started_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`browser` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `console_sessions_by_hash` ON `console_sessions` (`session_hash`);--> statement-breakpoint
CREATE INDEX `console_sessions_expired` ON `console_sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `deleted_apps` (
	`app_id` text PRIMARY KEY NOT NULL,
	`deleted_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `groups_of_app` ON `groups` (`app_id`,`group_id`) WHERE status = 0;--> statement-breakpoint
CREATE INDEX `groups_by_name` ON `groups` (`app_id`,name COLLATE NOCASE,`group_id`) WHERE status = 0;--> statement-breakpoint
CREATE INDEX `groups_by_size` ON `groups` (`app_id`,`count`,`group_id`) WHERE status = 0;--> statement-breakpoint
CREATE INDEX `groups_by_owner` ON `groups` (`app_id`,`owner_id`,`group_id`) WHERE status = 0;--> statement-breakpoint
CREATE INDEX `objects_by_size` ON `objects` (`app_id`,`size`,`object_name`) WHERE state = 1;--> statement-breakpoint
CREATE INDEX `objects_of_user` ON `objects` (`app_id`,`user_id`,`size`,`object_name`) WHERE state = 1;--> statement-breakpoint
CREATE INDEX `users_by_bytes` ON `users` (`app_id`,`user_file_bytes`,`user_id`);