-- Stepwise runs that are refused, and that the next one works
CREATE EXTENSION pgmig;
CREATE VIEW locks AS SELECT count(*) FROM pg_locks
    WHERE pid = pg_backend_pid() AND (locktype = 'advisory'
        OR relation = 'pgmig.run'::regclass AND mode <> 'AccessShareLock');

SELECT * FROM pgmig_import($doc$
-- one
-- Revision ID: "r;1
-- pgmig: upgrade
CREATE TABLE "R; 1" (a int);
-- pgmig: downgrade
DROP TABLE "R; 1";
-- two
-- Revision ID: "r;2
-- Revises: "r;1
-- pgmig: upgrade no-transaction
CREATE INDEX CONCURRENTLY "I'2" ON "R; 1" (a);
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "I'2";
$doc$);

-- In a transaction block
BEGIN;
CALL pgmig_upgrade_stepwise();
ROLLBACK;
TABLE locks;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SAVEPOINT s;
CALL pgmig_downgrade_stepwise('base');
ROLLBACK TO s;
TABLE locks;
COMMIT;
START TRANSACTION READ ONLY;
CALL pgmig_upgrade_stepwise();
ROLLBACK;
\set VERBOSITY sqlstate
BEGIN;
CALL pgmig_upgrade_stepwise();
ROLLBACK;
\set VERBOSITY default

-- In a string of several statements
SELECT 1 AS one\; CALL pgmig_upgrade_stepwise();
CALL pgmig_upgrade_stepwise()\; SELECT 1 AS one;
TABLE locks;

-- In a function, a DO block, a procedure
CREATE FUNCTION "call; it"() RETURNS void LANGUAGE plpgsql AS $$BEGIN CALL pgmig_upgrade_stepwise(); END$$;
SELECT "call; it"();
CREATE PROCEDURE "pro; it"() LANGUAGE plpgsql AS $$BEGIN CALL pgmig_upgrade_stepwise(); END$$;
CALL "pro; it"();
BEGIN;
CALL "pro; it"();
ROLLBACK;
CREATE PROCEDURE pro_sql() LANGUAGE sql AS $$CALL pgmig_upgrade_stepwise('head')$$;
CALL pro_sql();
DO $$BEGIN CALL pgmig_upgrade_stepwise(); END$$;
DO $$BEGIN COMMIT; CALL pgmig_upgrade_stepwise(); END$$;
DO $$BEGIN EXECUTE 'CALL pgmig_upgrade_stepwise()'; END$$;
\set VERBOSITY sqlstate
CALL "pro; it"();
\set VERBOSITY default
-- where that error can be caught
DO $$
BEGIN
    CALL pgmig_upgrade_stepwise();
EXCEPTION WHEN active_sql_transaction THEN
    RAISE NOTICE 'caught: %', SQLERRM;
END
$$;
SELECT pgmig_upgrade_stepwise();
TABLE locks;
SELECT count(*) FROM pgmig.run;

-- None of that hinders
CALL pgmig_upgrade_stepwise('"r;1');

-- A procedure that was altered
ALTER PROCEDURE pgmig_upgrade_stepwise SECURITY DEFINER;
CALL pgmig_upgrade_stepwise();
ALTER PROCEDURE pgmig_upgrade_stepwise SECURITY INVOKER SET work_mem = '1MB';
CALL pgmig_upgrade_stepwise();
\set VERBOSITY sqlstate
CALL pgmig_upgrade_stepwise();
\set VERBOSITY default
ALTER PROCEDURE pgmig_downgrade_stepwise SET search_path = public;
CALL pgmig_downgrade_stepwise('base');
ALTER PROCEDURE pgmig_downgrade_stepwise SECURITY INVOKER RESET ALL;
ALTER PROCEDURE pgmig_upgrade_stepwise SECURITY INVOKER RESET ALL;
TABLE locks;
CALL pgmig_upgrade_stepwise();
CALL pgmig_downgrade_stepwise('"r;1');

-- Read-only
SET default_transaction_read_only = on;
CALL pgmig_upgrade_stepwise();
CALL pgmig_upgrade_stepwise('"r;1');
TABLE locks;
RESET default_transaction_read_only;

-- Null
CALL pgmig_upgrade_stepwise(NULL);
CALL pgmig_downgrade_stepwise(NULL);
CALL pgmig_upgrade_stepwise(tag => NULL);
CALL pgmig_downgrade_stepwise('"r;1', NULL);

-- By a migration
SELECT * FROM pgmig_import($doc$
-- in a transaction
-- Revision ID: r3
-- Revises: "r;2
-- pgmig: upgrade
CALL pgmig_upgrade_stepwise('base');
-- pgmig: downgrade
-- in none
-- Revision ID: r4
-- Revises: r3
-- pgmig: upgrade no-transaction
SELECT 'ü';
CALL pgmig_downgrade_stepwise('base', NULL);
-- pgmig: downgrade
-- in a block
-- Revision ID: r5
-- Revises: r4
-- pgmig: upgrade no-transaction
DO $$BEGIN COMMIT; CALL pgmig_downgrade_stepwise('base'); END$$;
-- pgmig: downgrade
$doc$);
SELECT pgmig_upgrade('r3');
CALL pgmig_upgrade_stepwise();
SELECT pgmig_upgrade('r3');
TABLE locks;
SELECT FROM pgmig_edit('r3', upgrade => '');
CALL pgmig_upgrade_stepwise();
TABLE locks;
SELECT FROM pgmig_edit('r4', upgrade => 'SELECT ''ü''');
CALL pgmig_upgrade_stepwise();
TABLE locks;
SELECT FROM pgmig_edit('r5', upgrade => 'DO $$BEGIN PERFORM pgmig_resolve(''r5'', ''forget''); END$$');
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('r5', upgrade => 'DO $$BEGIN COMMIT; DELETE FROM pgmig.unfinished; COMMIT; END$$');
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('r5', upgrade => 'DROP EXTENSION pgmig CASCADE');
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('r5', upgrade => E'SELECT 1;\n DISCARD ALL');
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('r5', upgrade => 'SELECT 1; SELECT pg_advisory_unlock_all(); DISCARD PLANS;');
CALL pgmig_upgrade_stepwise(lower('HEAD'));
TABLE locks;
CALL pgmig_upgrade_stepwise(lower('HEAD'));
SELECT revision FROM pgmig_current();
TABLE locks;

-- Without the right to
CREATE ROLE "regress_pgmig ;ü";
SET ROLE "regress_pgmig ;ü";
CALL pgmig_upgrade_stepwise();
CALL pgmig_downgrade_stepwise('base');
SELECT pgmig_resolve('r5', 'forget');
RESET ROLE;
DROP ROLE "regress_pgmig ;ü";
TABLE locks;

CALL pgmig_downgrade_stepwise('base');
SELECT operation, revision, outcome, error FROM pgmig_log() WHERE outcome <> 'done';
DROP VIEW locks;
DROP EXTENSION pgmig;
DROP FUNCTION "call; it"();
DROP PROCEDURE "pro; it"();
DROP PROCEDURE pro_sql();
