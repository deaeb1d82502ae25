-- Lock timeouts and deadlocks are tried again
CREATE EXTENSION pgmig;
CREATE SEQUENCE attempt;
CREATE TABLE log (n serial, what text);
-- Fails as a lock timeout or a deadlock does, the first few times
CREATE FUNCTION "fail; it"(code text, times int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('attempt') <= times THEN
        RAISE 'no luck; "ü"' USING ERRCODE = code, DETAIL = 'It''s so.';
    END IF;
END
$$;
CREATE VIEW steps AS
    SELECT outcome, statements_done AS done, statements_total AS total, rows, sqlstate, message, statement, line
    FROM pgmig.run_step ORDER BY run, step;

SELECT * FROM pgmig_import($doc$
-- one transaction
-- Revision ID: it's"one;ü
-- pgmig: upgrade
INSERT INTO log (what) VALUES ('one');
SET my.attempt = 'ü';
CREATE TEMPORARY TABLE t (a int);
PREPARE p AS SELECT 1;
SELECT "fail; it"('55P03', 2);
INSERT INTO log (what) VALUES (current_setting('my.attempt'));
-- pgmig: downgrade
SELECT "fail; it"('40P01', 1);
-- statements
-- Revision ID: two
-- Revises: it's"one;ü
-- pgmig: upgrade no-transaction
INSERT INTO log (what) VALUES ('one');
SET my.attempt = 'ü';
INSERT INTO log (what) SELECT 'two' FROM "fail; it"('55P03', 2);
DO $$BEGIN INSERT INTO log (what) VALUES ('three'); COMMIT; PERFORM "fail; it"('40P01', 4); END$$;
INSERT INTO log (what) VALUES (current_setting('my.attempt'));
-- pgmig: downgrade
$doc$);

-- The pauses are of the length of the lock timeout
SHOW pgmig.lock_retries;
SET pgmig.lock_timeout = '20ms';
CALL pgmig_upgrade_stepwise('it''s"one;ü');
SELECT what FROM log ORDER BY n;
ALTER SEQUENCE attempt RESTART;
CALL pgmig_downgrade_stepwise('base');
TABLE steps;
SELECT count(*) FROM pgmig.run_message;
SELECT FROM pgmig_stamp('it''s"one;ü');
TRUNCATE log;
ALTER SEQUENCE attempt RESTART;
CALL pgmig_upgrade_stepwise();
SELECT what FROM log ORDER BY n;
TABLE steps;

-- Not more often than that
SET pgmig.lock_retries = 1;
ALTER SEQUENCE attempt RESTART;
CALL pgmig_downgrade_stepwise('base');
ALTER SEQUENCE attempt RESTART;
CALL pgmig_upgrade_stepwise('it''s"one;ü');
SELECT count(*) FROM pg_prepared_statements;
SELECT revision FROM pgmig_current();
SET pgmig.lock_retries = 0;
ALTER SEQUENCE attempt RESTART;
CALL pgmig_upgrade_stepwise('it''s"one;ü');
SELECT FROM pgmig_stamp('it''s"one;ü');
CALL pgmig_upgrade_stepwise();
SELECT interrupted_statement, interrupted_reason FROM pgmig_status();
SET pgmig.lock_retries = 3;
CALL pgmig_upgrade_stepwise();
SELECT outcome, error FROM pgmig.run ORDER BY run DESC LIMIT 4;
\set VERBOSITY sqlstate
SET pgmig.lock_retries = -1;
\set VERBOSITY default
SELECT FROM pgmig_stamp('base');

-- Other errors are not tried again
SELECT FROM pgmig_edit('it''s"one;ü', upgrade => 'SELECT "fail; it"(''40001'', 100)');
CALL pgmig_upgrade_stepwise('it''s"one;ü');
-- Nor is the transaction of a caller
SELECT FROM pgmig_edit('it''s"one;ü', upgrade => 'SELECT "fail; it"(''55P03'', 100)');
SELECT pgmig_upgrade('it''s"one;ü');

-- The timeout of the session ends it
SET statement_timeout = '1s';
SET pgmig.lock_timeout = '10s';
SET pgmig.lock_retries = 10;
CALL pgmig_upgrade_stepwise('it''s"one;ü');
RESET statement_timeout;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT outcome, sqlstate, error FROM pgmig.run ORDER BY run DESC LIMIT 1;

-- So does that of a statement, and a cancel
SELECT FROM pgmig_edit('two', upgrade => E'SELECT 1;\nDO $$BEGIN INSERT INTO log (what) VALUES (''ü''); COMMIT; PERFORM pg_sleep(60); END$$;\n SELECT pg_sleep(60)');
SELECT FROM pgmig_stamp('it''s"one;ü');
SET pgmig.statement_timeout = '500ms';
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('two', (SELECT replace(upgrade, 'PERFORM pg_sleep(60);', '') FROM pgmig_show('two')));
CALL pgmig_upgrade_stepwise();
SELECT count(pg_sleep(0.7));
RESET pgmig.statement_timeout;
SELECT FROM pgmig_edit('two', (SELECT replace(upgrade, 'SELECT pg_sleep(60)', 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)') FROM pgmig_show('two')));
CALL pgmig_upgrade_stepwise();
SELECT outcome, statements_done AS done, sqlstate, statement, line FROM pgmig.run_step ORDER BY run DESC, step LIMIT 3;
SELECT FROM pgmig_edit('two', (SELECT split_part(upgrade, E'\n', 1) || split_part(upgrade, E'\n', 2) FROM pgmig_show('two')));
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_stamp('base');

RESET ALL;
DROP VIEW steps;
DROP EXTENSION pgmig;
DROP FUNCTION "fail; it"(text, int);
DROP SEQUENCE attempt;
DROP TABLE log;
