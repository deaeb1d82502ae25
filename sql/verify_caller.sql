-- Who rehearses, where, and that nothing is left of it.
\set main :DBNAME
CREATE DATABASE pgmig_verify_caller TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c pgmig_verify_caller
SET client_min_messages = warning;
CREATE EXTENSION pgmig;
\pset null ''

CREATE ROLE pgmig_verifier;
CREATE ROLE pgmig_other;
GRANT CREATE ON SCHEMA public TO pgmig_verifier;
SELECT pgmig_grant('pgmig_verifier', 'runner');
SELECT count(*) FROM pgmig_import($$
-- one
-- Revision ID: one
-- pgmig: upgrade
CREATE TABLE t (id serial, v text);
INSERT INTO t (v) VALUES ('a'), ('b');
SELECT set_config('work_mem', '1234kB', false), set_config('pgmig_test.x', 'y', false);
SET search_path = pg_catalog;
PREPARE pgmig_test AS SELECT 1;
CREATE TEMP TABLE kept (a int);
NOTIFY pgmig_test;
-- pgmig: downgrade
DROP TABLE t;

-- two
-- Revision ID: two
-- Revises: one
-- Branch Labels: left
-- pgmig: upgrade
SELECT pgmig_require('one');
ALTER TABLE t ADD w int;
-- pgmig: downgrade
ALTER TABLE t DROP w;

-- three
-- Revision ID: three
-- Revises: one
-- Branch Labels: right
-- pgmig: upgrade
CREATE VIEW v AS SELECT id FROM t;
-- pgmig: downgrade
DROP VIEW v;
$$);

-- Several heads, each named on its own.
SELECT revision, "check", outcome FROM pgmig_verify();
SELECT revision, "check", outcome FROM pgmig_verify('head');
SELECT revision, "check", outcome FROM pgmig_verify('right@head');
SELECT pgmig_merge(message => 'both', rev_id => 'four') <> '';
SELECT revision, count(*), min(outcome), max(outcome) FROM pgmig_verify('head') GROUP BY 1 ORDER BY 1;

-- It is not applied, and what a body asked is not remembered.
SELECT pgmig_require('one');
SELECT pgmig_is_at_head();

-- Nothing is left in the session.
SELECT current_setting('work_mem') = '1234kB', current_setting('pgmig_test.x', true), current_user = session_user;
SHOW search_path;
SELECT count(*) FROM pg_prepared_statements WHERE name = 'pgmig_test';
SELECT to_regclass('kept'), to_regclass('t');
SHOW client_min_messages;
SHOW pgmig."concurrently";
SHOW pgmig.notify;

-- In a block, a savepoint and a function, with what is not committed.
CREATE TABLE before (a serial);
BEGIN;
INSERT INTO before DEFAULT VALUES;
SAVEPOINT s;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
SELECT current_setting('pgmig.notify') AS notify, current_setting('pgmig.concurrently') AS concurrently;
ROLLBACK TO s;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
SAVEPOINT s;
SELECT count(*) FROM pgmig_verify('right@head', force => 1/0 = 1);
ROLLBACK TO s;
SELECT count(*) FROM before;
SELECT locktype, mode FROM pg_locks WHERE pid = pg_backend_pid() AND mode IN ('ShareRowExclusiveLock', 'ExclusiveLock') AND locktype IN ('relation', 'advisory') ORDER BY 1, 2;
DO $$
BEGIN
    PERFORM pgmig_verify('nowhere');
EXCEPTION WHEN undefined_object THEN
    RAISE WARNING 'ok: %', (SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok');
END $$;
COMMIT;
SELECT last_value, is_called FROM before_a_seq;
DROP TABLE before;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
SELECT pgmig_upgrade('one');
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
COMMIT;

-- The row limit of a caller, and a cursor, which is read to its end at once.
SELECT revision FROM pgmig_verify() LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT revision, "check" FROM pgmig_verify();
FETCH 2 FROM c;
SELECT to_regclass('t');
FETCH 2 FROM c;
COMMIT;

-- Not where nothing can be changed.
BEGIN READ ONLY;
SELECT * FROM pgmig_verify();
ROLLBACK;
SET pgmig.scope = 'missing';
SELECT * FROM pgmig_verify();
SET pgmig.scope = 'other';
CREATE SCHEMA other;
SELECT revision, "check", outcome, identity FROM pgmig_verify('one');
RESET pgmig.scope;
SELECT count(*) FROM pgmig_import($$
-- body
-- Revision ID: body
-- Revises: four
-- pgmig: upgrade
SELECT * FROM pgmig_verify('one');
-- pgmig: downgrade
$$);
SELECT "check", outcome, message FROM pgmig_verify() WHERE revision = 'body';
SELECT pgmig_remove('body') <> '';

-- A role that may not, and one that runs what it can.
\set SHOW_CONTEXT never
SET ROLE pgmig_other;
SELECT * FROM pgmig_verify();
SET ROLE pgmig_verifier;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
RESET ROLE;
CREATE TABLE hidden (id serial, a int);
SELECT nextval('hidden_id_seq');
SET ROLE pgmig_verifier;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
RESET ROLE;
INSERT INTO hidden VALUES (5, 6);
SET ROLE pgmig_verifier;
SELECT * FROM pgmig_verify();
RESET ROLE;
GRANT SELECT ON hidden TO pgmig_verifier;
SET ROLE pgmig_verifier;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
RESET ROLE;
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
SET ROLE pgmig_verifier;
SELECT * FROM pgmig_verify();
RESET ROLE;
ALTER TABLE hidden DISABLE ROW LEVEL SECURITY;

-- A sequence that the caller can draw from is put back, too.
GRANT USAGE ON SEQUENCE hidden_id_seq TO pgmig_verifier;
SELECT pgmig_edit('one', upgrade => 'CREATE TABLE t (id int, v text); SELECT nextval(''hidden_id_seq''), nextval(''hidden_id_seq''); DO ''BEGIN PERFORM setval(''''hidden_id_seq'''', 100); EXCEPTION WHEN insufficient_privilege THEN END''') <> '';
SET ROLE pgmig_verifier;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
RESET ROLE;
SELECT last_value, is_called FROM hidden_id_seq;
SELECT count(*) FROM pgmig_verify() WHERE outcome = 'ok';
SELECT last_value, is_called FROM hidden_id_seq;
-- Also after an error.
SELECT pgmig_edit('two', upgrade => 'ALTER TABLE t ADD w int; SELECT pg_sleep(60)') <> '';
SET statement_timeout = '1s';
\set VERBOSITY sqlstate
SELECT count(*) FROM pgmig_verify();
\set VERBOSITY default
RESET statement_timeout;
SELECT last_value, is_called FROM hidden_id_seq;
SELECT nextval('hidden_id_seq');
SELECT (SELECT count(*) FROM pgmig.run), (SELECT count(*) FROM pgmig.applied), to_regclass('t');

SELECT pgmig_revoke('pgmig_verifier');
DROP OWNED BY pgmig_verifier;
DROP ROLE pgmig_verifier, pgmig_other;

\c :main
DROP DATABASE pgmig_verify_caller;
