CREATE TABLE `webhook_holds` (
	`webhook_id` text NOT NULL,
	`lane` integer NOT NULL,
	`seq` integer NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer NOT NULL,
	PRIMARY KEY(`webhook_id`, `lane`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhook_parked` (
	`webhook_id` text NOT NULL,
	`seq` integer NOT NULL,
	`parked_at` integer NOT NULL,
	`last` text NOT NULL,
	PRIMARY KEY(`webhook_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhooks` (
	`webhook_id` text PRIMARY KEY NOT NULL,
	`app_id` text NOT NULL,
	`url` text NOT NULL,
	`kinds` text NOT NULL,
	`only_group_id` integer NOT NULL,
	`delivery_order` text NOT NULL,
	`state` text NOT NULL,
	`state_reason` text NOT NULL,
	`secrets` text NOT NULL,
	`acked_seq` integer NOT NULL,
	`generation` integer NOT NULL,
	`lease_until` integer NOT NULL,
	`webhook_created_at` integer NOT NULL,
	`last_success_at` integer NOT NULL,
	`failing_since` integer NOT NULL,
	`recent` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhooks_of_app` ON `webhooks` (`app_id`,`webhook_id`);