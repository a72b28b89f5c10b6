CREATE TABLE `audit_chain` (
	`app_id` text NOT NULL,
	`number` integer NOT NULL,
	`first_seq` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`last_at` integer NOT NULL,
	`sealed_at` integer NOT NULL,
	`previous` text NOT NULL,
	`audited_hash` text NOT NULL,
	`others_hash` text NOT NULL,
	`hash` text NOT NULL,
	`kept` text NOT NULL,
	`entries` text NOT NULL,
	PRIMARY KEY(`app_id`, `number`)
);
--> statement-breakpoint
CREATE INDEX `audit_chain_by_seq` ON `audit_chain` (`app_id`,`last_seq`);--> statement-breakpoint
CREATE INDEX `audit_chain_kept` ON `audit_chain` (`app_id`,`kept`,`last_seq`);--> statement-breakpoint
CREATE TABLE `audit_heads` (
	`app_id` text PRIMARY KEY NOT NULL,
	`head_number` integer NOT NULL,
	`head_hash` text NOT NULL,
	`told_at` integer DEFAULT 0 NOT NULL
);
