CREATE TABLE `erased_users` (
	`app_id` text NOT NULL,
	`user_id` integer NOT NULL,
	`erased_at` integer NOT NULL,
	`finished_at` integer NOT NULL,
	`owned` text NOT NULL,
	`step` text NOT NULL,
	`place` text NOT NULL,
	PRIMARY KEY(`app_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `erased_users_under_way` ON `erased_users` (`app_id`,`user_id`) WHERE finished_at = 0;--> statement-breakpoint
CREATE INDEX `absent_bans_of_user` ON `absent_bans` (`user_id`);--> statement-breakpoint
CREATE INDEX `announcements_of_author` ON `announcements` (`author_id`,`group_id`);--> statement-breakpoint
CREATE INDEX `applications_of_user` ON `applications` (`applicant_id`,`group_id`);--> statement-breakpoint
CREATE INDEX `blacklist_of_user` ON `blacklist` (`user_id`);--> statement-breakpoint
CREATE INDEX `ended_qr_codes_of_user` ON `ended_qr_codes` (`inviter_id`);--> statement-breakpoint
CREATE INDEX `invitations_of_inviter` ON `invitations` (`app_id`,`inviter_id`,`invitation_id`);--> statement-breakpoint
CREATE INDEX `kicks_of_user` ON `kicks` (`user_id`);--> statement-breakpoint
CREATE INDEX `shared_files_of_uploader` ON `shared_files` (`uploader_id`,`group_id`);