-- With row ids: the random hashes are then in a small index of their own, and a write changes a third fewer pages.
CREATE TABLE `keyed_answers` (
	`app_id` text NOT NULL,
	`day` integer NOT NULL,
	`hash` text NOT NULL,
	`answered_at` integer NOT NULL,
	`fingerprint` text NOT NULL,
	`answer` text NOT NULL,
	PRIMARY KEY(`app_id`, `day`, `hash`)
);--> statement-breakpoint
INSERT INTO `keyed_answers` SELECT `app_id`, `day`, `hash`, `answered_at`, substr(`fingerprint`, 1, 32), `answer` FROM `idempotency`;--> statement-breakpoint
DROP TABLE `idempotency`;--> statement-breakpoint
ALTER TABLE `keyed_answers` RENAME TO `idempotency`;
