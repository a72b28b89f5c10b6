DROP INDEX `users_by_bytes`;--> statement-breakpoint
CREATE INDEX `users_by_bytes` ON `users` (`app_id`,`user_file_bytes`,`user_id`) WHERE user_file_bytes > 0;