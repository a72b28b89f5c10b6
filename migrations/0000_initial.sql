CREATE TABLE `announcements` (
	`announcement_id` integer PRIMARY KEY NOT NULL,
	`group_id` integer NOT NULL,
	`author_id` integer NOT NULL,
	`title` text NOT NULL,
	`content` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `announcements_of_group` ON `announcements` (`group_id`,`announcement_id`);--> statement-breakpoint
CREATE TABLE `applications` (
	`application_id` integer PRIMARY KEY NOT NULL,
	`group_id` integer NOT NULL,
	`applicant_id` integer NOT NULL,
	`reason` text NOT NULL,
	`status` integer NOT NULL,
	`expires_at` integer NOT NULL,
	CONSTRAINT "applications_status" CHECK("applications"."status" IN (0, 1, 2))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `applications_of_applicant` ON `applications` (`group_id`,`applicant_id`);--> statement-breakpoint
CREATE INDEX `applications_of_group` ON `applications` (`group_id`,`application_id`);--> statement-breakpoint
CREATE TABLE `apps` (
	`app_id` text PRIMARY KEY NOT NULL,
	`secrets` text NOT NULL,
	`keys` text NOT NULL,
	`jwks_url` text DEFAULT '' NOT NULL,
	`settings` text NOT NULL,
	`group_count` integer DEFAULT 0 NOT NULL,
	`file_bytes` integer DEFAULT 0 NOT NULL,
	`app_created_at` integer NOT NULL,
	CONSTRAINT "apps_counts" CHECK("apps"."group_count" >= 0 AND "apps"."file_bytes" >= 0)
);
--> statement-breakpoint
CREATE TABLE `blacklist` (
	`group_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`blocked_at` integer NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `grants` (
	`grant_id` integer PRIMARY KEY NOT NULL,
	`object_name` text NOT NULL,
	`from_id` integer NOT NULL,
	`to_type` integer NOT NULL,
	`to_id` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `grants_of_object` ON `grants` (`object_name`);--> statement-breakpoint
CREATE INDEX `grants_to_group` ON `grants` (`to_id`) WHERE to_type = 2;--> statement-breakpoint
CREATE TABLE `groups` (
	`group_id` integer PRIMARY KEY NOT NULL,
	`app_id` text NOT NULL,
	`type` integer NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`avatar` text NOT NULL,
	`ext` text DEFAULT '' NOT NULL,
	`owner_id` integer NOT NULL,
	`creator_id` integer NOT NULL,
	`apply_approval` integer NOT NULL,
	`capacity` integer NOT NULL,
	`member_invite` integer DEFAULT true NOT NULL,
	`member_modify` integer DEFAULT false NOT NULL,
	`history_visible` integer DEFAULT false NOT NULL,
	`read_ack` integer DEFAULT false NOT NULL,
	`hide_member_info` integer DEFAULT false NOT NULL,
	`ban_all_until` integer DEFAULT 0 NOT NULL,
	`count` integer NOT NULL,
	`blacklist_count` integer DEFAULT 0 NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`status` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "groups_type" CHECK("groups"."type" IN (0, 2)),
	CONSTRAINT "groups_count" CHECK("groups"."count" >= 0 AND "groups"."count" <= "groups"."capacity" AND "groups"."blacklist_count" >= 0),
	CONSTRAINT "groups_status" CHECK("groups"."status" IN (0, 1)),
	CONSTRAINT "groups_approval" CHECK("groups"."apply_approval" IN (0, 1, 2))
);
--> statement-breakpoint
CREATE INDEX `groups_public` ON `groups` (`app_id`,`group_id`) WHERE type = 2 AND status = 0;--> statement-breakpoint
CREATE INDEX `groups_dissolved` ON `groups` (`group_id`) WHERE status = 1 AND count > 0;--> statement-breakpoint
CREATE TABLE `invitations` (
	`invitation_id` integer PRIMARY KEY NOT NULL,
	`app_id` text NOT NULL,
	`group_id` integer NOT NULL,
	`inviter_id` integer NOT NULL,
	`invitee_id` integer NOT NULL,
	`reason` text NOT NULL,
	`status` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "invitations_status" CHECK("invitations"."status" IN (0, 1, 2))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `invitations_pending` ON `invitations` (`group_id`,`invitee_id`,`inviter_id`) WHERE status = 0;--> statement-breakpoint
CREATE INDEX `invitations_of_invitee` ON `invitations` (`app_id`,`invitee_id`,`invitation_id`);--> statement-breakpoint
CREATE TABLE `kicks` (
	`group_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`kick_count` integer NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `members` (
	`group_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`app_id` text NOT NULL,
	`role` integer DEFAULT 1 NOT NULL,
	`display_name` text DEFAULT '' NOT NULL,
	`joined_at` integer NOT NULL,
	`msg_mute_mode` integer DEFAULT 0 NOT NULL,
	`msg_push_mode` integer DEFAULT 0 NOT NULL,
	`ban_until` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`),
	CONSTRAINT "members_role" CHECK("members"."role" IN (1, 2, 3)),
	CONSTRAINT "members_modes" CHECK("members"."msg_mute_mode" BETWEEN 0 AND 2 AND "members"."msg_push_mode" BETWEEN 0 AND 4)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `members_of_user` ON `members` (`app_id`,`user_id`,`joined_at`,`group_id`);--> statement-breakpoint
CREATE INDEX `members_admins` ON `members` (`group_id`,`user_id`) WHERE role > 1;--> statement-breakpoint
CREATE UNIQUE INDEX `members_one_owner` ON `members` (`group_id`) WHERE role = 3;--> statement-breakpoint
CREATE INDEX `members_banned` ON `members` (`group_id`,`user_id`,`ban_until`) WHERE ban_until <> 0;--> statement-breakpoint
CREATE TABLE `objects` (
	`object_name` text PRIMARY KEY NOT NULL,
	`app_id` text NOT NULL,
	`user_id` integer NOT NULL,
	`kind` integer NOT NULL,
	`state` integer NOT NULL,
	`size` integer NOT NULL,
	`content_type` text NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL,
	`derived` text NOT NULL,
	CONSTRAINT "objects_state" CHECK("objects"."state" IN (0, 1, 2, 3)),
	CONSTRAINT "objects_size" CHECK("objects"."size" >= 0)
);
--> statement-breakpoint
CREATE INDEX `objects_unfinished` ON `objects` (`created_at`) WHERE state IN (0, 3);--> statement-breakpoint
CREATE INDEX `objects_promised_to_user` ON `objects` (`app_id`,`user_id`) WHERE state = 0;--> statement-breakpoint
CREATE INDEX `objects_released` ON `objects` (`object_name`) WHERE state = 2;--> statement-breakpoint
CREATE TABLE `shared_files` (
	`file_id` integer PRIMARY KEY NOT NULL,
	`group_id` integer NOT NULL,
	`uploader_id` integer NOT NULL,
	`name` text NOT NULL,
	`size` integer NOT NULL,
	`type` text NOT NULL,
	`url` text NOT NULL,
	`grant_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "shared_files_size" CHECK("shared_files"."size" >= 0)
);
--> statement-breakpoint
CREATE INDEX `shared_files_of_group` ON `shared_files` (`group_id`,`file_id`);--> statement-breakpoint
CREATE INDEX `shared_files_of_grant` ON `shared_files` (`grant_id`) WHERE grant_id <> 0;--> statement-breakpoint
CREATE TABLE `users` (
	`app_id` text NOT NULL,
	`user_id` integer NOT NULL,
	`groups_created` integer DEFAULT 0 NOT NULL,
	`groups_joined` integer DEFAULT 0 NOT NULL,
	`user_file_bytes` integer DEFAULT 0 NOT NULL,
	`group_confirm` integer,
	PRIMARY KEY(`app_id`, `user_id`),
	CONSTRAINT "users_counts" CHECK("users"."groups_created" >= 0 AND "users"."groups_joined" >= 0 AND "users"."user_file_bytes" >= 0)
) WITHOUT ROWID;
