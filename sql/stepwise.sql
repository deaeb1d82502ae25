-- Upgrade and downgrade in a transaction for each revision
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- Create the orders
-- Revision ID: orders
-- pgmig: upgrade
CREATE TABLE "Order; --" (id int PRIMARY KEY, "größe" text, xid xid8 DEFAULT pg_current_xact_id());
INSERT INTO "Order; --" VALUES (1, 'groß'), (2, 'klein');
-- pgmig: downgrade
DROP TABLE "Order; --";
-- Add what's "missing"; naïvely
-- Revision ID: it's"odd;ü
-- Revises: orders
-- pgmig: upgrade
INSERT INTO "Order; --" VALUES (3, 'mittel');
SELECT 1 AS first UNION ALL SELECT 2 UNION ALL SELECT 3;
INSERT INTO "Order; --" VALUES (4, 'mittel');
-- pgmig: downgrade
DELETE FROM "Order; --" WHERE id > 2;
-- Index; "größe"
-- Revision ID: Index;"2"
-- Revises: it's"odd;ü
-- pgmig: upgrade no-transaction
INSERT INTO "Order; --" VALUES (5, 'winzig');
CREATE INDEX CONCURRENTLY "idx; größe" ON "Order; --" ("größe");
INSERT INTO "Order; --" VALUES (6, 'riesig');
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "idx; größe";
DELETE FROM "Order; --" WHERE id > 4;
-- Nothing to do
-- Revision ID: nothing
-- Revises: Index;"2"
-- pgmig: upgrade
-- only a comment
-- pgmig: downgrade
-- Nothing to do, without a transaction
-- Revision ID: no_thing
-- Revises: nothing
-- pgmig: upgrade no-transaction
-- only a comment
-- pgmig: downgrade no-transaction
-- Views
-- Revision ID: views
-- Revises: no_thing
-- pgmig: upgrade
CREATE VIEW "V; größe" AS SELECT * FROM "Order; --";
INSERT INTO "V; größe" VALUES (7, 'rund');
-- pgmig: downgrade
DROP VIEW "V; größe";
DELETE FROM "Order; --" WHERE id = 7;
$doc$);

-- One, all, and nothing
CALL pgmig_upgrade_stepwise('orders');
CALL pgmig_upgrade_stepwise(tag => 'release "1"; --');
CALL pgmig_upgrade_stepwise();
CALL pgmig_upgrade_stepwise('orders', 'no run');
SELECT revision, is_head FROM pgmig_current();
SELECT indisvalid FROM pg_index WHERE indexrelid = '"idx; größe"'::regclass;
-- Each revision is a transaction, and so is each statement of the third
SELECT id, "größe", dense_rank() OVER (ORDER BY xid) AS transaction FROM "V; größe" ORDER BY id;
SELECT scope, revision, run, checksum = (SELECT upgrade_checksum FROM pgmig.revision r
                                          WHERE r.revision = a.revision) AS checksum
    FROM pgmig.applied a ORDER BY applied_at;

-- Down again
CALL pgmig_downgrade_stepwise('-1', tag => 'back');
CALL pgmig_downgrade_stepwise('it''s"odd;ü');
CALL pgmig_downgrade_stepwise('it''s"odd;ü');
SELECT id FROM "Order; --" ORDER BY id;
SELECT to_regclass('"idx; größe"');
CALL pgmig_downgrade_stepwise('base');
SELECT to_regclass('"Order; --"'), (SELECT count(*) FROM pgmig_current());
CALL pgmig_downgrade_stepwise('base');

-- What others see meanwhile
CREATE TABLE seen (n serial, query text);
SELECT * FROM pgmig_import($doc$
-- seen; "ü"
-- Revision ID: seen
-- pgmig: upgrade
SELECT 'ü';
INSERT INTO seen (query) SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();
-- pgmig: downgrade no-transaction
INSERT INTO seen (query) SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();
DO $$BEGIN COMMIT; INSERT INTO seen (query) SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid(); END$$;
INSERT INTO seen (query) SELECT concat_ws(' ', operation, revision, step, steps, statement, statements, sql) FROM pgmig_progress();
INSERT INTO seen (query) SELECT concat_ws(' ', scope, current, runner_pid = pg_backend_pid(), interrupted_revision) FROM pgmig_status();
$doc$);
CALL pgmig_upgrade_stepwise('seen');
CALL pgmig_downgrade_stepwise('seen@base');
SELECT query FROM seen ORDER BY n;
SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();
DROP TABLE seen;
SELECT FROM pgmig_remove('seen');

-- What is recorded
SELECT run, operation, target, scope, tag, role = current_user AS me,
       application, mode, pid = pg_backend_pid() AS here, outcome,
       ended_at >= started_at AS ended, sqlstate, error
    FROM pgmig.run ORDER BY run;
SELECT run, step, revision, direction, statements_done AS done,
       statements_total AS total, duration >= '0' AS timed, rows,
       wal_bytes > 0 AS wal, outcome, sqlstate, message, statement, line
    FROM pgmig.run_step ORDER BY run, step;
SELECT count(*) FROM pgmig.run_message;
SELECT count(*) FROM pgmig.unfinished;
SELECT count(*) FROM pg_locks
    WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR relation = 'pgmig.run'::regclass AND mode <> 'AccessShareLock');

-- An error in the second of three: the first is there
SELECT * FROM pgmig_import($doc$
-- One
-- Revision ID: s1
-- Revises: views
-- pgmig: upgrade
CREATE TABLE s (a int);
-- Two; "ü"
-- Revision ID: s'2"
-- Revises: s1
-- pgmig: upgrade

INSERT INTO s VALUES (1);
INSERT INTO s
    VALUES ('x');
-- Three
-- Revision ID: s3
-- Revises: s'2"
-- pgmig: upgrade
DROP TABLE s;
$doc$);
CALL pgmig_upgrade_stepwise('head', 'fails');
SELECT revision FROM pgmig_current();
SELECT count(*) FROM s;
SELECT * FROM pgmig.unfinished;
SELECT interrupted_revision FROM pgmig_status();
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT run, target, tag, mode, outcome, ended_at >= started_at AS ended, sqlstate, error
    FROM pgmig.run ORDER BY run DESC LIMIT 1;
SELECT step, revision, direction, statements_done AS done, statements_total AS total,
       outcome, sqlstate, message, statement, line
    FROM pgmig.run_step WHERE run = (SELECT max(run) FROM pgmig.run) ORDER BY step;
SELECT run = (SELECT max(run) FROM pgmig.run) AS last, ordinal, severity, sqlstate,
       message, detail, hint, context FROM pgmig.run_message;
SELECT operation, revision, direction, outcome, tag, error FROM pgmig_log() LIMIT 8;
-- Corrected, it goes on
SELECT FROM pgmig_edit('s''2"', upgrade => 'INSERT INTO s VALUES (1)');
CALL pgmig_upgrade_stepwise();
SELECT revision, is_head FROM pgmig_current();

-- Revisions of both kinds, in the transaction of a caller before and after
SELECT FROM pgmig_stamp('views');
CALL pgmig_downgrade_stepwise('base');
SELECT * FROM pgmig_upgrade('it''s"odd;ü');
CALL pgmig_upgrade_stepwise('views');
SELECT * FROM pgmig_downgrade('no_thing');
CALL pgmig_downgrade_stepwise('orders');
SELECT * FROM pgmig_downgrade('base');
SELECT operation, target, mode, outcome FROM pgmig.run ORDER BY run DESC LIMIT 5;

-- Targets that are none
CALL pgmig_upgrade_stepwise('nowhere');
CALL pgmig_upgrade_stepwise('+10');
CALL pgmig_upgrade_stepwise('');
CALL pgmig_downgrade_stepwise('-1');
CALL pgmig_upgrade_stepwise('n');
CALL pgmig_upgrade_stepwise('s1:s3');
CALL pgmig_downgrade_stepwise('head');
SELECT FROM pgmig_stamp('s3');
CALL pgmig_downgrade_stepwise('views');
SELECT revision FROM pgmig_current();
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT operation, target, mode, outcome FROM pgmig.run ORDER BY run DESC LIMIT 1;

DROP EXTENSION pgmig;
