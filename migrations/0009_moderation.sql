ALTER TABLE `objects` ADD `hold` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `objects` ADD `hold_reason` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `objects` ADD `held_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `objects_chat_by_age` ON `objects` (`app_id`,`created_at`,`object_name`) WHERE state = 1 AND kind >= 100 AND kind < 200;--> statement-breakpoint
CREATE INDEX `objects_shared_by_age` ON `objects` (`app_id`,`created_at`,`object_name`) WHERE state = 1 AND kind >= 200;--> statement-breakpoint
CREATE INDEX `objects_quarantined` ON `objects` (`app_id`,`held_at`,`object_name`) WHERE hold = 2;--> statement-breakpoint
CREATE INDEX `objects_unscanned` ON `objects` (`object_name`) WHERE hold = 1;--> statement-breakpoint
ALTER TABLE `shared_files` ADD `app_id` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `shared_files` SET `app_id` = coalesce((SELECT `app_id` FROM `groups` WHERE `groups`.`group_id` = `shared_files`.`group_id`), '');--> statement-breakpoint
CREATE INDEX `shared_files_by_age` ON `shared_files` (`app_id`,`created_at`,`file_id`);