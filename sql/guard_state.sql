-- The mode of the guard: what is recorded, and what is in force.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE pgmig_guard_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO pgmig_guard_owner', current_database()) \gexec
SET ROLE pgmig_guard_owner;
CREATE EXTENSION pgmig;
RESET ROLE;
CREATE SCHEMA guard_mode;
SET search_path = guard_mode, public;
SELECT pgmig_guard('log');

-- It goes on where triggers are told not to fire, in a transaction that has
-- seen another mode, and above rows that came without the sequence.
SET session_replication_role = replica;
CREATE TABLE replica ();
RESET session_replication_role;
BEGIN ISOLATION LEVEL SERIALIZABLE;
CREATE TABLE serializable ();
SELECT pgmig_guard('off');
CREATE TABLE unseen ();
SELECT pgmig_guard('log');
CREATE TABLE seen ();
COMMIT;
SELECT id, tag, identity FROM pgmig_guard_log();
DELETE FROM pgmig.guard_log;
SELECT setval('pgmig.guard_log_id_seq', 1, false);
INSERT INTO pgmig.guard_log (id, tag) VALUES (1, 'old'), (2, 'old');
CREATE TABLE above ();
SELECT id, tag, identity FROM pgmig_guard_log();

-- What is in force can be less than what is recorded.
ALTER EVENT TRIGGER pgmig_guard_drop DISABLE;
SELECT pgmig_guard(), mode FROM pgmig.guard;
ALTER EVENT TRIGGER pgmig_guard_drop RENAME TO renamed;
SELECT pgmig_guard('deny');
ALTER EVENT TRIGGER renamed RENAME TO pgmig_guard_drop;
CREATE EVENT TRIGGER pgmig_guard_other ON sql_drop EXECUTE FUNCTION pgmig_event_drop();
ALTER EVENT TRIGGER pgmig_guard_other DISABLE;
SELECT pgmig_guard('log');
BEGIN READ ONLY;
SELECT pgmig_guard();
SELECT pgmig_guard('off');
ROLLBACK;
SELECT pgmig_guard('off');
CREATE TABLE last ();
SELECT identity FROM pgmig_guard_log() ORDER BY id DESC LIMIT 1;
INSERT INTO pgmig.guard (mode) VALUES ('log');
UPDATE pgmig.guard SET mode = 'other';
SELECT pgmig_event_end();
DROP EVENT TRIGGER pgmig_guard_other;

-- Its owner can drop the extension, whatever is recorded.
SET ROLE pgmig_guard_owner;
SELECT public.pgmig_guard('log');
DROP EXTENSION pgmig;
RESET ROLE;
SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'pgmig%';
CREATE TABLE gone ();

SET client_min_messages = error;
DROP SCHEMA guard_mode CASCADE;
DROP OWNED BY pgmig_guard_owner;
DROP ROLE pgmig_guard_owner;
