-- Where and why a stepwise run failed, and what to do next
CREATE EXTENSION pgmig;
CREATE TABLE parent (a int PRIMARY KEY);
CREATE TABLE "Child; ü" (a int CONSTRAINT "u'1" UNIQUE, CONSTRAINT "fk; ü" FOREIGN KEY (a) REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE log (n serial, what text);

SELECT * FROM pgmig_import($doc$
-- at commit
-- Revision ID: "at;commit"
-- pgmig: upgrade no-transaction
SELECT 1; SELECT 2;

  INSERT INTO "Child; ü" VALUES (1);
-- pgmig: downgrade
-- one transaction
-- Revision ID: "one;transaction"
-- pgmig: upgrade
INSERT INTO log (what) VALUES ('one');
-- pgmig: downgrade
INSERT INTO log (what) VALUES ('none');
-- hint of the server
-- Revision ID: it's"half
-- pgmig: upgrade no-transaction
SELECT 1;
DROP INDEX CONCURRENTLY "u'1";
-- pgmig: downgrade no-transaction
SELECT 1;
SELECT 1 / 0;
-- discards
-- Revision ID: discards
-- pgmig: upgrade no-transaction
INSERT INTO log (what) VALUES ('discards');
DISCARD TEMP; DISCARD PLANS; DISCARD SEQUENCES;
DO $$BEGIN COMMIT; END$$;
  DISCARD /* all */ ALL;
INSERT INTO log (what) VALUES ('discarded');
-- pgmig: downgrade no-transaction
DISCARD ALL;
$doc$);

-- At the commit of a statement
CALL pgmig_upgrade_stepwise('"at;commit"');
SELECT statement, line, statements_done AS done, message FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
SELECT context FROM pgmig.run_message ORDER BY run DESC LIMIT 1;
SELECT pgmig_resolve('"at;commit"', 'forget');
-- and of a revision
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not now; "ü"' USING ERRCODE = 'ZZ001', HINT = 'Later.'; END$$;
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON pgmig.run_step DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.outcome = 'done') EXECUTE FUNCTION refuse();
CALL pgmig_upgrade_stepwise('"one;transaction"');
DROP TRIGGER t ON pgmig.run_step;
CALL pgmig_upgrade_stepwise('"one;transaction"');
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON pgmig.run_step DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.outcome = 'done') EXECUTE FUNCTION refuse();
CALL pgmig_downgrade_stepwise('base');
DROP TRIGGER t ON pgmig.run_step;
SELECT what FROM log ORDER BY n;
SELECT revision FROM pgmig_current();
SELECT direction, outcome, sqlstate, message, statement, line FROM pgmig.run_step ORDER BY run DESC, step LIMIT 3;

-- What to do next, behind the hint of the server
CALL pgmig_upgrade_stepwise('it''s"half');
SELECT hint FROM pgmig.run_message ORDER BY run DESC LIMIT 1;
SELECT pgmig_upgrade('discards');
SELECT pgmig_upgrade('heads');
CALL pgmig_upgrade_stepwise('discards');
CALL pgmig_downgrade_stepwise('it''s"half@base');
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('it''s"half', 'done');
\set VERBOSITY terse
SELECT pgmig_resolve('it''s"half', 'done');
SELECT pgmig_resolve('it''s"half', 'run again');
\set VERBOSITY default
SELECT interrupted_revision, interrupted_statement, interrupted_sql FROM pgmig_status();
CALL pgmig_upgrade_stepwise('it''s"half');
-- of a downgrade
CALL pgmig_downgrade_stepwise('it''s"half@base');
SELECT pgmig_upgrade('discards');
CALL pgmig_upgrade_stepwise('discards');
SELECT pgmig_resolve('it''s"half', 'done');
SELECT pgmig_resolve('it''s"half', 'forget');
-- nothing if nothing was done
SELECT FROM pgmig_edit('it''s"half', downgrade => 'SELECT 1 / 0; SELECT 1');
CALL pgmig_downgrade_stepwise('it''s"half@base');
SELECT count(*) FROM pgmig.unfinished;
SELECT interrupted_revision, interrupted_reason FROM pgmig_status();
SELECT pgmig_resolve('it''s"half', 'forget');
BEGIN;
CALL pgmig_downgrade_stepwise('it''s"half@base');
ROLLBACK;

-- DISCARD ALL is refused before anything is done
PREPARE mine AS SELECT 1;
CALL pgmig_upgrade_stepwise('discards');
SELECT count(*) FROM log WHERE what ~ 'discard';
SELECT count(*) FROM pgmig.unfinished;
EXECUTE mine;
SELECT outcome, statements_done AS done, statements_total AS total, sqlstate FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
SELECT FROM pgmig_edit('discards', (SELECT replace(upgrade, 'DISCARD /* all */ ALL', 'SELECT 1 / 0') FROM pgmig_show('discards')));
CALL pgmig_upgrade_stepwise('discards');
SELECT FROM pgmig_edit('discards', (SELECT replace(upgrade, 'SELECT 1 / 0', 'SELECT 1; DISCARD ALL') FROM pgmig_show('discards')));
CALL pgmig_upgrade_stepwise('discards');
SELECT revision, cardinality(done) AS done, started FROM pgmig.unfinished;
SELECT FROM pgmig_edit('discards', (SELECT replace(upgrade, 'DISCARD ALL', 'SELECT 2') FROM pgmig_show('discards')));
CALL pgmig_upgrade_stepwise('discards');
CALL pgmig_downgrade_stepwise('discards@base');
SELECT what FROM log WHERE what ~ 'discard' ORDER BY n;

-- What a failed run has cost
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('discards', E'CREATE TABLE cost AS SELECT generate_series(1, 100) AS a;\nSELECT pg_sleep(0.2);\nSELECT 1 / 0');
CALL pgmig_upgrade_stepwise('discards');
SELECT statements_done AS done, duration >= '0.2s' AS sleep, rows, wal_bytes > 0 AS wal
    FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
CALL pgmig_upgrade_stepwise('discards');
SELECT statements_done AS done, rows
    FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
SELECT FROM pgmig_edit('discards', E'CREATE TABLE cost AS SELECT generate_series(1, 100) AS a;\nSELECT pg_sleep(0.2);\nSELECT 1 / length(pg_sleep(0.2)::text)');
CALL pgmig_upgrade_stepwise('discards');
SELECT duration >= '0.2s' AS sleep FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
-- Another body is not the one that is half-done
SELECT FROM pgmig_edit('discards', 'SELECT 2; SELECT 3');
CALL pgmig_upgrade_stepwise('discards');
SELECT statements_total AS total, outcome, message, statement, line
    FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
SELECT interrupted_reason FROM pgmig_status();

-- What it needs now is not applied
SELECT * FROM pgmig_import($doc$
-- discards
-- Revision ID: discards
-- Revises: it's"half
-- pgmig: upgrade no-transaction
CREATE TABLE cost AS SELECT generate_series(1, 100) AS a;
SELECT pg_sleep(0.2);
SELECT 1 / 1;
$doc$);
CALL pgmig_upgrade_stepwise('discards');
CALL pgmig_upgrade_stepwise('it''s"half');
SELECT pgmig_resolve('discards', 'forget');

DROP EXTENSION pgmig;
DROP TABLE "Child; ü", parent, log, cost;
DROP FUNCTION refuse();
