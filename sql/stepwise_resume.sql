-- A body without a transaction that stops in the middle, and goes on there
CREATE EXTENSION pgmig;
CREATE VIEW half_done AS
    SELECT interrupted_revision AS revision, interrupted_direction AS direction,
           interrupted_statement AS statement, interrupted_sql AS sql,
           interrupted_since <= now() AS since, interrupted_reason AS reason FROM pgmig_status();
CREATE TABLE log (n serial, what text, xid xid8 DEFAULT pg_current_xact_id());

SELECT * FROM pgmig_import($doc$
-- tables
-- Revision ID: tables
-- pgmig: upgrade
CREATE TABLE "T; ü" (a int, b text);
-- pgmig: downgrade
DROP TABLE "T; ü";
-- stops; "here"
-- Revision ID: it's"half;ü
-- Revises: tables
-- pgmig: upgrade no-transaction
INSERT INTO log (what) VALUES ('one');
CREATE INDEX CONCURRENTLY "I;1" ON "T; ü" (a);
INSERT INTO log (what)
    SELECT 'ü ' || 1 / count(*) FROM "T; ü"; -- comment
INSERT INTO log (what) VALUES ('four');
-- pgmig: downgrade no-transaction
INSERT INTO log (what) VALUES ('down');
DROP INDEX CONCURRENTLY "I;1";
INSERT INTO log (what) SELECT 'ü ' || 1 / count(*) FROM "T; ü";
-- after
-- Revision ID: after
-- Revises: it's"half;ü
-- pgmig: upgrade
INSERT INTO log (what) VALUES ('after');
-- pgmig: downgrade
-- other branch
-- Revision ID: other
-- Revises: tables
-- pgmig: upgrade
INSERT INTO log (what) VALUES ('other');
-- pgmig: downgrade
$doc$);

TABLE half_done;
CALL pgmig_upgrade_stepwise('after');
TABLE half_done;
\x on
SELECT applied, pending, last_run FROM pgmig_status();
SELECT scope, revision, direction, run, cardinality(done) AS done, started FROM pgmig.unfinished;
\x off
SELECT n, what FROM log ORDER BY n;
SELECT revision, outcome, statements_done AS done, statements_total AS total, sqlstate, message, statement, line
    FROM pgmig.run_step ORDER BY run, step;
SELECT outcome, sqlstate, error FROM pgmig.run;
SELECT severity, sqlstate, message, detail, hint, context FROM pgmig.run_message;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';

-- Everything else has to wait
SELECT pgmig_upgrade('after');
SELECT pgmig_downgrade('base');
SELECT pgmig_stamp('after');
SELECT pgmig_upgrade_sql('after');
SELECT pgmig_downgrade_sql('base');
SELECT pgmig_stamp_sql('after');
SELECT pgmig_remove('it''s"half;ü');
CALL pgmig_upgrade_stepwise('other');
CALL pgmig_downgrade_stepwise('base');
CALL pgmig_downgrade_stepwise('tables');
\set VERBOSITY sqlstate
SELECT pgmig_upgrade('after');
CALL pgmig_upgrade_stepwise('other');
\set VERBOSITY default
-- but not what has nothing to do in a transaction, and the plan
SELECT pgmig_upgrade('tables');
CALL pgmig_upgrade_stepwise('tables');
SELECT revision, transactional, statements FROM pgmig_plan('after');

-- It stops there again; then it goes on
CALL pgmig_upgrade_stepwise('heads');
INSERT INTO "T; ü" VALUES (1, 'ü');
CALL pgmig_upgrade_stepwise('heads');
SELECT n, what FROM log ORDER BY n;
TABLE half_done;
SELECT run, step, revision, outcome, statements_done AS done, statements_total AS total, rows, statement
    FROM pgmig.run_step ORDER BY run, step;
SELECT run, outcome FROM pgmig.run ORDER BY run;

-- A downgrade that stops
TRUNCATE log;
DELETE FROM "T; ü";
CALL pgmig_downgrade_stepwise('tables');
TABLE half_done;
SELECT revision FROM pgmig_current();
SELECT pgmig_downgrade('tables');
SELECT pgmig_upgrade('it''s"half;ü');
CALL pgmig_upgrade_stepwise('it''s"half;ü');
CALL pgmig_upgrade_stepwise('heads');
CALL pgmig_downgrade_stepwise('it''s"half;ü');
INSERT INTO "T; ü" VALUES (1, 'ü');
CALL pgmig_downgrade_stepwise('base');
SELECT what FROM log ORDER BY n;
SELECT revision FROM pgmig_current();

-- Edited meanwhile
TRUNCATE log;
CALL pgmig_upgrade_stepwise('it''s"half;ü');
SELECT FROM pgmig_edit('it''s"half;ü', 'INSERT INTO log (what) VALUES (''1''); CREATE INDEX CONCURRENTLY "I;1" ON "T; ü" (a); SELECT 3;');
CALL pgmig_upgrade_stepwise('it''s"half;ü');
SELECT FROM pgmig_edit('it''s"half;ü', 'INSERT INTO log (what) VALUES (''one'');');
CALL pgmig_upgrade_stepwise('it''s"half;ü');
TABLE half_done;
-- Blanks, comments and what comes later do not count
SELECT FROM pgmig_edit('it''s"half;ü', E'insert /* ; */ into LOG(what) VALUES (''one'')\n;\n\nCREATE INDEX CONCURRENTLY "I;1" ON "T; ü" (a); \nSELECT 3;\n  SELECT nothing; SELECT 5');
CALL pgmig_upgrade_stepwise('it''s"half;ü');
SELECT FROM pgmig_edit('it''s"half;ü', E'insert into log (what) values (''one''); CREATE INDEX CONCURRENTLY "I;1" ON "T; ü" (a); SELECT 3');
CALL pgmig_upgrade_stepwise('it''s"half;ü');
SELECT what FROM log ORDER BY n;

-- Nothing is left to do of it
SELECT FROM pgmig_edit('it''s"half;ü', downgrade => 'DROP INDEX CONCURRENTLY "I;1"; SELECT 1/0');
CALL pgmig_downgrade_stepwise('tables');
SELECT FROM pgmig_edit('it''s"half;ü', downgrade => 'DROP INDEX CONCURRENTLY "I;1"');
TABLE half_done;
CALL pgmig_downgrade_stepwise('tables');

-- Half-done in one scope, not in another
CREATE SCHEMA "Scope; ü";
SET pgmig.scope = 'Scope; ü';
CALL pgmig_upgrade_stepwise('tables');
SELECT FROM pgmig_edit('it''s"half;ü', E'INSERT INTO log (what) VALUES (current_setting(''search_path''));\nCREATE INDEX CONCURRENTLY "I;1" ON "T; ü" (a);\nINSERT INTO log (what) SELECT current_setting(''search_path'') || 1 / count(*) FROM "T; ü"');
TRUNCATE log;
CALL pgmig_upgrade_stepwise('after');
SELECT revision, statement FROM half_done;
RESET pgmig.scope;
TABLE half_done;
CALL pgmig_upgrade_stepwise('after');
SELECT scope, revision FROM pgmig.unfinished ORDER BY scope;
SET pgmig.scope = 'Scope; ü';
SET search_path = "no; such", public;
INSERT INTO "Scope; ü"."T; ü" VALUES (1);
CALL pgmig_upgrade_stepwise('after');
RESET search_path;
SELECT what FROM log ORDER BY n;
SELECT scope, revision FROM pgmig.applied WHERE revision ~ 'half' ORDER BY scope;
CALL pgmig_downgrade_stepwise('base');
RESET pgmig.scope;
CALL pgmig_downgrade_stepwise('base');
INSERT INTO "T; ü" VALUES (1);
CALL pgmig_upgrade_stepwise('after');
CALL pgmig_downgrade_stepwise('base');

DROP VIEW half_done;
DROP EXTENSION pgmig;
DROP SCHEMA "Scope; ü";
DROP TABLE log;
