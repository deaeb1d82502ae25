-- What runs record of the schema; pgmig_accept() and pgmig_recorded()
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
\set VERBOSITY terse
\pset null (null)
SELECT count(*) FROM pgmig_import($doc$
-- Create items
-- Revision ID: items
-- pgmig: upgrade
CREATE TABLE drift_item (id int);
-- pgmig: downgrade
DROP TABLE drift_item;

-- Name them
-- Revision ID: names
-- Revises: items
-- pgmig: upgrade
ALTER TABLE drift_item ADD COLUMN name text;
-- pgmig: downgrade
ALTER TABLE drift_item DROP COLUMN name;
$doc$);

-- What there is to compare with: drift and how often each state is kept
CREATE TEMP VIEW drift AS SELECT "check", kind, identity, property, expected, found FROM pgmig_check() WHERE "check" <> 'pending';
CREATE TEMP VIEW runs AS SELECT r.run, operation, mode, outcome, scope, dense_rank() OVER (ORDER BY first) AS state
    FROM pgmig.run r LEFT JOIN (SELECT fingerprint, min(run) AS first FROM pgmig.run GROUP BY 1) f USING (fingerprint);

-- Every kind of run records; the same state is kept once.
SELECT pgmig_recorded();
SELECT pgmig_upgrade('items');
SELECT pgmig_upgrade('names');
SELECT pgmig_downgrade('items');
SELECT pgmig_stamp('base');
SELECT pgmig_stamp('items');
CALL pgmig_upgrade_stepwise();
CALL pgmig_downgrade_stepwise('-1');
SELECT pgmig_start() AS run \gset
CALL pgmig_wait(:run);
SELECT run = lag(run, 1, run - 1) OVER (ORDER BY run) + 1 AS next, operation, mode, outcome, state FROM runs ORDER BY run;
SELECT count(*) FROM pgmig.snapshot;
TABLE drift;
SELECT pgmig_recorded() = pgmig_snapshot() AS present, pgmig_fingerprint(pgmig_recorded()) = pgmig_fingerprint() AS fingerprint;
SELECT min(run) AS first FROM pgmig.run \gset
SELECT change, kind, identity FROM pgmig_compare(pgmig_recorded(:first), pgmig_recorded());
SELECT pgmig_recorded(0);
SELECT pgmig_recorded(-1);
SELECT pgmig_recorded(1000000);
-- Nothing to do is no run.
SELECT pgmig_upgrade();
SELECT count(*) FROM runs;

-- A run of a caller who takes it back leaves nothing.
BEGIN;
SELECT pgmig_downgrade('base');
SELECT count(*) FROM pgmig.snapshot;
TABLE drift;
ROLLBACK;
SELECT count(*) FROM pgmig.snapshot;
TABLE drift;

-- Not recorded: turned off; deleted; without a log
SET pgmig.snapshots = off;
SELECT pgmig_downgrade('-1');
SELECT "check", kind, identity IS NULL AS unnamed, expected, found, hint FROM pgmig_check() WHERE "check" <> 'pending';
SELECT pgmig_recorded();
RESET pgmig.snapshots;
SELECT pgmig_upgrade();
DELETE FROM pgmig.snapshot;
SELECT "check", kind, expected, found FROM drift;
SELECT pgmig_recorded();
BEGIN;
DELETE FROM pgmig.run;
TABLE drift;
SELECT pgmig_stamp('base');
DELETE FROM pgmig.run;
TABLE drift;
ROLLBACK;

-- pgmig_accept()
SELECT pgmig_accept(NULL);
SELECT pgmig_accept('');
\set VERBOSITY default
SELECT pgmig_accept(E' \t\n');
\set VERBOSITY terse
SELECT pgmig_accept('deleted') > 0 AS accepted;
TABLE drift;
CREATE INDEX drift_hand ON drift_item (name);
TABLE drift;
BEGIN;
SELECT pgmig_accept('taken back') > 0 AS accepted;
TABLE drift;
ROLLBACK;
SELECT identity FROM drift;
BEGIN READ ONLY;
SELECT pgmig_accept('read only');
ROLLBACK;
SELECT pgmig_accept('wänted; "x"') AS run \gset
SELECT max(run) = :run AS accepted FROM pgmig.run;
TABLE drift;
SELECT operation, revision, direction, outcome, tag FROM pgmig_log() LIMIT 2;
SELECT change, kind, identity FROM pgmig_compare(pgmig_recorded((SELECT max(run) FROM pgmig.run WHERE run < :run)), pgmig_recorded(:run));
SELECT count(*) FROM pgmig_revision('Body', rev_id => 'body', upgrade => 'SELECT pgmig_accept(''body'')');
SELECT pgmig_upgrade();
SELECT pgmig_remove('body') IS NOT NULL AS removed;

-- A run that stops in the middle: what it has done is recorded.
SELECT count(*) FROM pgmig_revision('Half', rev_id => 'half', transactional => false,
    upgrade => 'CREATE INDEX CONCURRENTLY drift_half ON drift_item (id); SELECT 1 / 0;', downgrade => '');
CALL pgmig_upgrade_stepwise();
TABLE drift;
SELECT operation, outcome FROM runs ORDER BY run DESC LIMIT 1;
DROP INDEX drift_half;
TABLE drift;
SELECT pgmig_resolve('half', 'forget');
SELECT pgmig_remove('half') IS NOT NULL AS removed;
SELECT pgmig_accept('index is gone') > 0 AS accepted;
SELECT * FROM pgmig_check();

-- What cannot be recorded is no error, and the session goes on.
CREATE FUNCTION drift_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER fail BEFORE INSERT ON pgmig.snapshot FOR EACH ROW EXECUTE FUNCTION drift_fail();
SELECT pgmig_downgrade('base');
\set VERBOSITY default
SELECT pgmig_upgrade('items');
\set VERBOSITY terse
SELECT "check", expected, found FROM drift;
SELECT pgmig_accept('no room');
CALL pgmig_upgrade_stepwise();
SELECT current, pending FROM pgmig_status();
DROP TRIGGER fail ON pgmig.snapshot;
SELECT pgmig_downgrade('-1');
TABLE drift;

-- A timeout or a cancel is an error: a run in one transaction is taken back, of
-- a stepwise one the last revision.
CREATE OR REPLACE FUNCTION drift_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER fail BEFORE INSERT ON pgmig.snapshot FOR EACH ROW EXECUTE FUNCTION drift_fail();
CREATE INDEX drift_slow ON drift_item (id);
SET statement_timeout = '500ms';
SELECT pgmig_upgrade();
RESET statement_timeout;
TABLE drift;
SELECT current, pending FROM pgmig_status();
CREATE OR REPLACE FUNCTION drift_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NEW; END $$;
SELECT pgmig_upgrade();
SELECT current, pending FROM pgmig_status();
CALL pgmig_upgrade_stepwise();
SELECT current, pending FROM pgmig_status();
SELECT operation, outcome FROM runs ORDER BY run DESC LIMIT 1;
SELECT "check", expected, found FROM drift;
DROP TRIGGER fail ON pgmig.snapshot;
SELECT pgmig_upgrade();
SELECT * FROM pgmig_check();

-- A very large body
DO $$ BEGIN EXECUTE format('CREATE FUNCTION drift_large() RETURNS text LANGUAGE sql AS %L', 'SELECT ''' || repeat('large ', 1000000) || ''''); END $$;
SELECT pgmig_accept('large') > 0 AS accepted;
SELECT * FROM pgmig_check();
CREATE OR REPLACE FUNCTION drift_large() RETURNS text LANGUAGE sql AS 'SELECT 1';
SELECT identity, property, length(expected), found FROM drift;

DROP VIEW drift, runs;
DROP EXTENSION pgmig;
DROP TABLE drift_item;
DROP FUNCTION drift_fail, drift_large;
