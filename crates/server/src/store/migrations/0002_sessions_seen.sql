-- How long a request waited until its session was open; NULL: it never was. With `duration_us`, a
-- time in which it certainly held one. Programs of step 1 leave it empty.
ALTER TABLE audit ADD COLUMN admitted_us BIGINT;

-- The oldest step that a program must know to work on this schema: a step that only adds says one
-- before itself, so that two versions of the program run side by side during an upgrade.
ALTER TABLE schema_step ADD COLUMN needs BIGINT NOT NULL DEFAULT 1;
