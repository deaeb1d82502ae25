-- What the user decides about a half-done revision
CREATE EXTENSION pgmig;
CREATE TABLE log (n serial, what text);
CREATE VIEW half_done AS
    SELECT interrupted_revision AS revision, interrupted_direction AS direction,
           interrupted_statement AS statement, interrupted_sql AS sql FROM pgmig_status();

SELECT * FROM pgmig_import($doc$
-- stops
-- Revision ID: it's"half;ü
-- pgmig: upgrade no-transaction
INSERT INTO log (what) VALUES ('one');
INSERT INTO log (what) SELECT 'two' || 1 / count(*) FROM pg_class WHERE relname = 'two; "ü"';
INSERT INTO log (what) SELECT 'three' || 1 / count(*) FROM pg_class WHERE relname = 'three; "ü"';
-- pgmig: downgrade no-transaction
INSERT INTO log (what) VALUES ('zero');
INSERT INTO log (what) SELECT 'down' || 1 / count(*) FROM pg_class WHERE relname = 'two; "ü"';
$doc$);

-- Nothing is half-done
SELECT pgmig_resolve('it''s"half;ü', 'done');
SELECT pgmig_resolve('no; "such"', 'forget');
SELECT pgmig_resolve(NULL, 'done');
SELECT pgmig_resolve('it''s"half;ü', NULL);
SELECT pgmig_resolve('it''s"half;ü', '');
SELECT pgmig_resolve('it''s"half;ü', 'Done; "ü"');
\set VERBOSITY sqlstate
SELECT pgmig_resolve('it''s"half;ü', 'done');
SELECT pgmig_resolve(NULL, 'done');
SELECT pgmig_resolve('it''s"half;ü', 'undone');
\set VERBOSITY default

-- done: the statement is left out
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('half', 'done');
SELECT pgmig_resolve('it''s"half;Ü', 'forget');
SELECT pgmig_resolve('it''s"half;ü', 'nothing');
SELECT pgmig_remove('it''s"half;ü');
\set VERBOSITY sqlstate
SELECT pgmig_remove('it''s"half;ü');
\set VERBOSITY default
TABLE half_done;
SELECT pgmig_resolve('it''s"half;ü', 'done');
TABLE half_done;
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('it''s"half;ü', 'done');
TABLE half_done;
SELECT pgmig_resolve('it''s"half;ü', 'done');
SELECT pgmig_resolve('it''s"half;ü', 'run again');
CALL pgmig_upgrade_stepwise();
SELECT what FROM log ORDER BY n;
SELECT run, outcome, statements_done AS done, statements_total AS total FROM pgmig.run_step ORDER BY run;
TABLE half_done;

-- run again: what would run anyway
CALL pgmig_downgrade_stepwise('base');
BEGIN;
SELECT pgmig_resolve('it''s"half;ü', 'run again');
CREATE TABLE "two; ""ü""" ();
SELECT pgmig_resolve('it''s"half;ü', 'done');
ROLLBACK;
BEGIN READ ONLY;
SELECT pgmig_resolve('it''s"half;ü', 'done');
ROLLBACK;
TABLE half_done;
-- forget: the revision is what it was
SELECT pgmig_resolve('it''s"half;ü', 'forget');
SELECT pgmig_resolve('it''s"half;ü', 'forget');
TABLE half_done;
SELECT revision FROM pgmig_current();
CREATE TABLE "two; ""ü""" ();
CALL pgmig_downgrade_stepwise('base');
DROP TABLE "two; ""ü""";
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('it''s"half;ü', 'forget');
SELECT revision FROM pgmig_current();
SELECT FROM pgmig_remove('it''s"half;ü');
SELECT what FROM log ORDER BY n;

-- What changes another server can be in doubt
SET client_min_messages = error;
CREATE SUBSCRIPTION "regress_pgmig; ü" CONNECTION 'dbname=none' PUBLICATION p WITH (connect = false, slot_name = NONE);
RESET client_min_messages;
SELECT * FROM pgmig_import($doc$
-- subscriptions
-- Revision ID: sub's
-- pgmig: upgrade no-transaction
SELECT 1;
DROP SUBSCRIPTION "regress_pgmig 'other'; ü";
  DROP SUBSCRIPTION -- gone
     "regress_pgmig; ü";
SELECT 4;
-- pgmig: downgrade
$doc$);
CALL pgmig_upgrade_stepwise();
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise();
\set VERBOSITY sqlstate
CALL pgmig_upgrade_stepwise();
\set VERBOSITY default
SELECT started FROM pgmig.unfinished;
SELECT interrupted_statement, interrupted_reason FROM pgmig_status();
SELECT outcome, statements_done AS done, sqlstate, statement, line FROM pgmig.run_step WHERE revision = 'sub''s' ORDER BY run;
-- It is to run again, is skipped, and the next one is not in doubt
SELECT pgmig_resolve('sub''s', 'run again');
SELECT started FROM pgmig.unfinished;
CALL pgmig_upgrade_stepwise();
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('sub''s', 'done');
SELECT started FROM pgmig.unfinished;
CALL pgmig_upgrade_stepwise();
SELECT subname FROM pg_subscription WHERE subname ~ '^regress_pgmig';
SELECT outcome, statements_done AS done, sqlstate, statement FROM pgmig.run_step WHERE revision = 'sub''s' ORDER BY run;
-- Other statements are not
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('sub''s', 'VACUUM log; SELECT 1/0');
CALL pgmig_upgrade_stepwise();
UPDATE pgmig.unfinished SET started = true, done = '{}';
SELECT FROM pgmig_edit('sub''s', 'VACUUM log; SELECT 1/1');
CALL pgmig_upgrade_stepwise();

-- The rights of a runner
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('sub''s', 'SELECT 1; SELECT 1/0');
CREATE ROLE "regress_pgmig ;ü";
SELECT pgmig_grant('regress_pgmig ;ü', 'runner');
SET ROLE "regress_pgmig ;ü";
CALL pgmig_upgrade_stepwise();
SELECT interrupted_sql FROM pgmig_status();
SELECT pgmig_resolve('sub''s', 'done');
CALL pgmig_upgrade_stepwise();
RESET ROLE;
SELECT operation, role, outcome FROM pgmig.run ORDER BY run DESC LIMIT 2;

DROP VIEW half_done;
DROP EXTENSION pgmig;
DROP TABLE log;
DROP OWNED BY "regress_pgmig ;ü";
DROP ROLE "regress_pgmig ;ü";
