-- Failures that cannot be recorded, and locks that are lost on the way
CREATE EXTENSION pgmig;
CREATE ROLE "regress_pgmig ;ü";
CREATE TABLE log (n serial, what text);
GRANT ALL ON log, log_n_seq TO PUBLIC;
CREATE VIEW locks AS SELECT locktype, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND (locktype = 'advisory'
        OR relation = 'pgmig.run'::regclass AND mode <> 'AccessShareLock') ORDER BY 1, 2;
GRANT SELECT ON locks TO PUBLIC;

SELECT * FROM pgmig_import($doc$
-- one transaction
-- Revision ID: one
-- pgmig: upgrade
SET work_mem = '1MB';
SELECT 1 / 0;
-- statements
-- Revision ID: t'wo
-- pgmig: upgrade no-transaction
SELECT 1 / 0;
-- settings
-- Revision ID: three
-- pgmig: upgrade no-transaction
INSERT INTO log (what) VALUES ('ü');
SET work_mem = '1MB';
SET my.custom = 'ü';
SET ROLE "regress_pgmig ;ü";
SET default_transaction_read_only = on;
PREPARE "p; ü" AS SELECT 1;
DO $$BEGIN COMMIT; PERFORM 1 / 0; END$$;
-- lost locks
-- Revision ID: locks
-- pgmig: upgrade no-transaction
DO $$BEGIN INSERT INTO log (what) VALUES ('lost'); ROLLBACK; INSERT INTO log (what) VALUES ('kept'); END$$;
INSERT INTO log (what) SELECT locktype || ' ' || mode FROM locks WHERE locktype = 'relation';
SELECT pg_advisory_unlock_all();
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        PERFORM pg_advisory_lock(i);
        ROLLBACK;
    END LOOP;
END
$$;
INSERT INTO log (what) SELECT mode || count(*) FROM locks WHERE locktype = 'advisory' GROUP BY mode;
SELECT pg_advisory_unlock(i) FROM generate_series(1, 3) i;
DO $$BEGIN ROLLBACK; END$$;
-- pgmig: downgrade no-transaction
DO $$BEGIN ROLLBACK; PERFORM 1 / 0; END$$;
$doc$);

-- The error is the one of the migration; the session is what it was
ALTER TABLE pgmig.run ADD CONSTRAINT "check; ü" CHECK (outcome <> 'failed') NOT VALID;
CALL pgmig_upgrade_stepwise('one');
SHOW work_mem;
TABLE locks;
SELECT run, outcome FROM pgmig.run ORDER BY run;
-- it can be cancelled
BEGIN;
SET LOCAL statement_timeout = '100ms';
SELECT pg_sleep(5);
ROLLBACK;
-- and the next run works
\set VERBOSITY sqlstate
CALL pgmig_upgrade_stepwise('one');
\set VERBOSITY default
CALL pgmig_upgrade_stepwise('t''wo');
CALL pgmig_upgrade_stepwise('three');
BEGIN;
SET LOCAL statement_timeout = '100ms';
SELECT pg_sleep(5);
ROLLBACK;
SELECT current_setting('work_mem') AS work_mem, current_setting('my.custom', true) AS custom,
       current_user = session_user AS me, current_setting('default_transaction_read_only') AS read_only;
SELECT name FROM pg_prepared_statements;
TABLE locks;
SELECT revision, cardinality(done) AS done, started, settings FROM pgmig.unfinished;
SELECT run, outcome FROM pgmig.run ORDER BY run;
SELECT run, revision, outcome, statements_done AS done FROM pgmig.run_step ORDER BY run;
SELECT count(*) FROM pgmig.run_message;
-- Runs of which nothing more is known were interrupted
ALTER TABLE pgmig.run DROP CONSTRAINT "check; ü";
CALL pgmig_upgrade_stepwise('three');
SELECT FROM pgmig_edit('three', (SELECT replace(upgrade, '1 / 0', '1 / 1') FROM pgmig_show('three')));
CALL pgmig_upgrade_stepwise('three');
SELECT run, outcome FROM pgmig.run ORDER BY run;
SELECT run, revision, outcome, statements_done AS done FROM pgmig.run_step ORDER BY run;

-- Neither can be that nothing of it is done
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not now; "ü"' USING ERRCODE = 'ZZ001'; END$$;
CREATE TRIGGER t BEFORE DELETE ON pgmig.unfinished EXECUTE FUNCTION refuse();
SET work_mem = '2MB';
SELECT FROM pgmig_edit('t''wo', 'CREATE TABLE nowhere.t (a int); SELECT 2');
CALL pgmig_upgrade_stepwise('t''wo');
SHOW work_mem;
TABLE locks;
SELECT revision, done, started FROM pgmig.unfinished;
DROP TRIGGER t ON pgmig.unfinished;
SELECT FROM pgmig_edit('t''wo', 'SET work_mem = ''1MB''; SELECT 2');
CALL pgmig_upgrade_stepwise('t''wo');
SHOW work_mem;
-- nor that its statement has stopped
CREATE TRIGGER t BEFORE UPDATE ON pgmig.unfinished FOR EACH ROW WHEN (OLD.started AND NOT NEW.started AND NEW.done = OLD.done) EXECUTE FUNCTION refuse();
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('t''wo', E'SET work_mem = ''1MB'';\nSET ROLE "regress_pgmig ;ü";\nDO $$BEGIN COMMIT; RAISE ''none; "ü"'' USING ERRCODE = ''undefined_table''; END$$');
CALL pgmig_upgrade_stepwise('t''wo');
SELECT current_setting('work_mem') AS work_mem, current_user = session_user AS me;
TABLE locks;
SELECT revision, cardinality(done) AS done, started FROM pgmig.unfinished;
SELECT outcome, error FROM pgmig.run ORDER BY run DESC LIMIT 1;
DROP TRIGGER t ON pgmig.unfinished;
SELECT FROM pgmig_edit('t''wo', (SELECT replace(upgrade, 'RAISE', 'RAISE NOTICE') FROM pgmig_show('t''wo')));
CALL pgmig_upgrade_stepwise('t''wo');
SELECT current_setting('work_mem') AS work_mem, current_user = session_user AS me;
-- nor that a statement is done: it runs again
CREATE TRIGGER t BEFORE UPDATE ON pgmig.unfinished FOR EACH ROW WHEN (cardinality(NEW.done) = 3) EXECUTE FUNCTION refuse();
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('t''wo', 'INSERT INTO log (what) VALUES (''once''); VACUUM log; INSERT INTO log (what) VALUES (''again''); VACUUM log');
\set VERBOSITY terse
CALL pgmig_upgrade_stepwise('t''wo');
SELECT revision, cardinality(done) AS done, started FROM pgmig.unfinished;
DROP TRIGGER t ON pgmig.unfinished;
CREATE TRIGGER t BEFORE UPDATE ON pgmig.unfinished FOR EACH ROW WHEN (cardinality(NEW.done) = 4) EXECUTE FUNCTION refuse();
CALL pgmig_upgrade_stepwise('t''wo');
\set VERBOSITY default
SELECT revision, cardinality(done) AS done, started FROM pgmig.unfinished;
DROP TRIGGER t ON pgmig.unfinished;
CALL pgmig_upgrade_stepwise('t''wo');
SELECT what, count(*) FROM log GROUP BY 1 ORDER BY 1;
RESET work_mem;

-- ROLLBACK in a block, and what a body unlocks
TRUNCATE log;
CALL pgmig_upgrade_stepwise('locks');
TABLE locks;
CALL pgmig_upgrade_stepwise('locks');
SELECT what FROM log ORDER BY n;
TABLE locks;
CALL pgmig_downgrade_stepwise('locks@base');
TABLE locks;
SELECT FROM pgmig_edit('locks', downgrade => 'DO $$BEGIN ROLLBACK; PERFORM 1 / 1; END$$');
CALL pgmig_downgrade_stepwise('locks@base');
TABLE locks;

DROP VIEW locks;
DROP EXTENSION pgmig;
DROP TABLE log;
DROP FUNCTION refuse();
DROP ROLE "regress_pgmig ;ü";
