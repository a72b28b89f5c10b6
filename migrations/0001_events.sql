CREATE TABLE `events` (
	`app_id` text NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`kind` text NOT NULL,
	`group_id` integer,
	`group_version` integer,
	`by_id` integer,
	`acting` text NOT NULL,
	`key_id` text NOT NULL,
	`subjects` text NOT NULL,
	`data` text NOT NULL,
	`request` text NOT NULL,
	`ip` text NOT NULL,
	PRIMARY KEY(`app_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_of_group` ON `events` (`group_id`,`group_version`) WHERE group_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `events_trimmed` ON `events` (`app_id`,`seq`) WHERE kind = 'events.trimmed';--> statement-breakpoint
CREATE TABLE `idempotency` (
	`app_id` text NOT NULL,
	`day` integer NOT NULL,
	`hash` text NOT NULL,
	`answered_at` integer NOT NULL,
	`fingerprint` text NOT NULL,
	`answer` text NOT NULL,
	PRIMARY KEY(`app_id`, `day`, `hash`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `apps` ADD `epoch` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `apps` SET `epoch` = lower(hex(randomblob(3)));
