-- Upgrade and downgrade in the transaction of the caller
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- Create the orders
-- Revision ID: orders
-- pgmig: upgrade
CREATE TABLE "Order; --" (id int PRIMARY KEY, "größe" text);
INSERT INTO "Order; --" VALUES (1, 'groß'), (2, 'klein');
-- pgmig: downgrade
DROP TABLE "Order; --";
-- Add what's "missing"; naïvely
-- Revision ID: it's"odd;ü
-- Revises: orders
-- pgmig: upgrade
ALTER TABLE "Order; --" ADD COLUMN note text;
UPDATE "Order; --" SET note = 'none';
SELECT 1 AS first UNION ALL SELECT 2 UNION ALL SELECT 3;
-- pgmig: downgrade
ALTER TABLE "Order; --" DROP COLUMN note;
-- Nothing to do
-- Revision ID: nothing
-- Revises: it's"odd;ü
-- pgmig: upgrade
-- only a comment
-- pgmig: downgrade
-- Views
-- Revision ID: views
-- Revises: nothing
-- pgmig: upgrade
CREATE VIEW noted AS SELECT * FROM "Order; --" WHERE note IS NOT NULL;
-- pgmig: downgrade
DROP VIEW noted;
$doc$);

-- One at a time, several, and by name
SELECT pgmig_upgrade('+1');
SELECT * FROM pgmig_upgrade('head', tag => 'release "1"; --');
SELECT * FROM noted ORDER BY id;
SELECT * FROM pgmig_downgrade('-2', tag => 'back');
SELECT * FROM pgmig_upgrade(ARRAY['views']);
SELECT revision, is_head FROM pgmig_current();

-- What is recorded
SELECT run, operation, target, scope, tag, role = current_user AS me,
       application, outcome, ended_at >= started_at AS ended, sqlstate, error
    FROM pgmig.run ORDER BY run;
SELECT run, step, revision, direction, statements_done AS done,
       statements_total AS total, duration >= '0' AS timed, rows,
       wal_bytes > 0 AS wal, outcome, sqlstate, message, statement, line
    FROM pgmig.run_step ORDER BY run, step;
SELECT scope, revision, run, checksum = (SELECT upgrade_checksum FROM pgmig.revision r
                                          WHERE r.revision = a.revision) AS checksum
    FROM pgmig.applied a ORDER BY applied_at;

-- A transaction that is rolled back takes it all along
BEGIN;
SELECT * FROM pgmig_downgrade('base');
SELECT to_regclass('"Order; --"') IS NULL AS gone;
SELECT count(*) FROM pgmig.applied;
SELECT * FROM pgmig_upgrade('orders');
ROLLBACK;
SELECT count(*) FROM noted;
SELECT revision FROM pgmig_current();
SELECT count(*) FROM pgmig.run;

-- Savepoints
BEGIN;
SAVEPOINT a;
SELECT * FROM pgmig_downgrade('nothing');
SAVEPOINT b;
SELECT * FROM pgmig_downgrade('base');
ROLLBACK TO b;
SELECT revision FROM pgmig_current();
RELEASE a;
SELECT * FROM pgmig_downgrade('orders');
COMMIT;
SELECT revision FROM pgmig_current();
SELECT operation, target, outcome FROM pgmig.run ORDER BY run DESC LIMIT 2;

-- An error in the second of three: nothing is left of the first
SELECT * FROM pgmig_upgrade('head');
SELECT * FROM pgmig_import($doc$
-- One
-- Revision ID: s1
-- Revises: views
-- pgmig: upgrade
CREATE TABLE s (a int);
-- Two
-- Revision ID: s2
-- Revises: s1
-- pgmig: upgrade
INSERT INTO s VALUES (1);
INSERT INTO s VALUES ('x');
-- Three
-- Revision ID: s3
-- Revises: s2
-- pgmig: upgrade
DROP TABLE s;
$doc$);
SELECT * FROM pgmig_upgrade();
SELECT to_regclass('s'), (SELECT revision FROM pgmig_current());
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
-- Corrected, it runs
SELECT FROM pgmig_edit('s2', upgrade => 'INSERT INTO s VALUES (1)');
SELECT * FROM pgmig_upgrade();
SELECT revision, is_head FROM pgmig_current();
SELECT operation, target, outcome FROM pgmig.run ORDER BY run DESC LIMIT 1;

SELECT * FROM pgmig_stamp('views');
SELECT * FROM pgmig_downgrade('base');
DROP EXTENSION pgmig;
