-- Timeouts and cancel
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- quick
-- Revision ID: q1
-- pgmig: upgrade
CREATE TABLE q (a int, lock_timeout text DEFAULT current_setting('lock_timeout'),
    statement_timeout text DEFAULT current_setting('statement_timeout'));
INSERT INTO q VALUES (1);
-- slow
-- Revision ID: s1
-- Revises: q1
-- pgmig: upgrade
INSERT INTO q VALUES (2);
SELECT 'ü', pg_sleep(60);
INSERT INTO q VALUES (3);
-- pgmig: downgrade
$doc$);

SHOW pgmig.lock_timeout;
SHOW pgmig.statement_timeout;

-- pgmig.statement_timeout is for each statement of a body
SET pgmig.statement_timeout = '500ms';
SELECT * FROM pgmig_upgrade();
\set VERBOSITY sqlstate
SELECT * FROM pgmig_upgrade();
\set VERBOSITY default
SELECT revision FROM pgmig_current();
-- Nothing of it is left, neither in this transaction nor after it
SELECT count(pg_sleep(0.7));
BEGIN;
SAVEPOINT s;
SELECT * FROM pgmig_upgrade();
ROLLBACK TO s;
SELECT count(pg_sleep(0.7));
COMMIT;
DO $$
BEGIN
    PERFORM pgmig_upgrade();
EXCEPTION WHEN query_canceled THEN
    PERFORM pg_sleep(0.7);
    RAISE NOTICE 'caught: %', SQLERRM;
END
$$;
-- It is no limit for all of them together
SELECT FROM pgmig_edit('s1', 'SELECT pg_sleep(0.4); SELECT pg_sleep(0.4); SELECT pg_sleep(0.4);');
SET pgmig.statement_timeout = '1s';
SELECT * FROM pgmig_upgrade();
SELECT * FROM pgmig_stamp('base');
DROP TABLE q;
SELECT FROM pgmig_edit('s1', 'INSERT INTO q VALUES (2); SELECT ''ü'', pg_sleep(60);');

-- The caller's statement_timeout works before, within and after
SET statement_timeout = '1s';
SET pgmig.statement_timeout = '1min';
SELECT * FROM pgmig_upgrade();
SET pgmig.statement_timeout = 0;
SELECT * FROM pgmig_upgrade();
SET pgmig.statement_timeout = '500ms';
SELECT * FROM pgmig_upgrade();
DO $$
BEGIN
    PERFORM pgmig_upgrade('q1');
    PERFORM pg_sleep(60);
END
$$;
SELECT count(*) FROM pgmig_current();
DO $$
BEGIN
    BEGIN
        PERFORM pgmig_upgrade();
    EXCEPTION WHEN query_canceled THEN
        RAISE NOTICE 'caught: %', SQLERRM;
    END;
    PERFORM pg_sleep(60);
END
$$;
SELECT pg_sleep(60);
RESET statement_timeout;
RESET pgmig.statement_timeout;

-- lock_timeout of bodies, and of the caller
SET lock_timeout = '7s';
SELECT * FROM pgmig_upgrade('q1');
SHOW lock_timeout;
SELECT * FROM pgmig_stamp('base');
SELECT * FROM q;
DROP TABLE q;
SET pgmig.lock_timeout = '3s';
SELECT FROM pgmig_edit('s1', 'SET lock_timeout = ''11s''; INSERT INTO q VALUES (2)');
BEGIN;
SELECT * FROM pgmig_upgrade();
SHOW lock_timeout;
SELECT * FROM q;
ROLLBACK;
SET pgmig.lock_timeout = 0;
SELECT * FROM pgmig_upgrade('q1');
SELECT * FROM q;

-- Settings that are no timeouts
\set VERBOSITY sqlstate
SET pgmig.lock_timeout = -1;
\set VERBOSITY default
SET pgmig.statement_timeout = 'soon';
SET pgmig.statement_timeouts = 1;
SET pgmig."concurrently" = 'maybe';

-- A body that cancels itself
SELECT FROM pgmig_edit('s1', 'INSERT INTO q VALUES (2); SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)');
SELECT * FROM pgmig_upgrade();
SELECT count(*) FROM q;
SELECT FROM pgmig_edit('s1', 'INSERT INTO q VALUES (2)');
SELECT * FROM pgmig_upgrade();
SELECT count(*) FROM q;

RESET ALL;
DROP EXTENSION pgmig;
DROP TABLE q;
