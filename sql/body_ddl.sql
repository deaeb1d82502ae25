-- Bodies with commands that are special in some way
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- enum
-- Revision ID: e1
-- pgmig: upgrade
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE person (name text, mood mood);
-- new value
-- Revision ID: e2
-- Revises: e1
-- pgmig: upgrade
ALTER TYPE mood ADD VALUE 'hap;py"ü';
-- use it
-- Revision ID: e3
-- Revises: e2
-- pgmig: upgrade
INSERT INTO person VALUES ('a', 'ok');
INSERT INTO person VALUES ('b', 'hap;py"ü');
$doc$);

-- A new value of a type that was there before cannot be used at once
SELECT * FROM pgmig_upgrade('e1');
SELECT * FROM pgmig_upgrade();
\set VERBOSITY sqlstate
SELECT * FROM pgmig_upgrade();
\set VERBOSITY default
-- As the hint says
SELECT * FROM pgmig_upgrade('e2');
SELECT * FROM pgmig_upgrade();
SELECT * FROM person ORDER BY name;

SELECT * FROM pgmig_import($doc$
-- event trigger
-- Revision ID: v1
-- Revises: e3
-- pgmig: upgrade
CREATE TABLE "DDL log" (n serial, command text, object text);
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
$$BEGIN
    INSERT INTO "DDL log" (command, object)
        SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands();
END$$;
CREATE FUNCTION log_drop() RETURNS event_trigger LANGUAGE plpgsql AS
$$BEGIN
    INSERT INTO "DDL log" (command, object)
        SELECT tg_tag, object_identity FROM pg_event_trigger_dropped_objects() WHERE original;
END$$;
CREATE EVENT TRIGGER log_ddl ON ddl_command_end EXECUTE FUNCTION log_ddl();
CREATE EVENT TRIGGER log_drop ON sql_drop EXECUTE FUNCTION log_drop();
-- is seen by it
-- Revision ID: v2
-- Revises: v1
-- pgmig: upgrade
CREATE TABLE "seen;" (a int);
CREATE TEMP TABLE scratch (a int);
DROP TABLE "seen;";
-- no more
-- Revision ID: v3
-- Revises: v2
-- pgmig: upgrade
DROP EVENT TRIGGER log_ddl;
DROP EVENT TRIGGER log_drop;
-- another extension
-- Revision ID: x1
-- Revises: v3
-- pgmig: upgrade
SELECT 1;
$doc$);
SELECT * FROM pgmig_upgrade('v3');
SELECT command, object FROM "DDL log" WHERE object !~ 'log_' ORDER BY n;

-- Another extension in a body, and pgmig again
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION plpgsql CASCADE;
RESET client_min_messages;
SELECT FROM pgmig_edit('x1', 'CREATE EXTENSION plpgsql; DO ''BEGIN NULL; END''');
SELECT * FROM pgmig_upgrade();
SELECT extname FROM pg_extension ORDER BY extname;
ROLLBACK;
SELECT FROM pgmig_edit('x1', 'CREATE EXTENSION pgmig');
SELECT * FROM pgmig_upgrade();

-- Session-level advisory locks and LISTEN are left as they are; locks of the
-- transaction end with it
SELECT FROM pgmig_edit('x1', 'SELECT pg_advisory_xact_lock(1885826409, 0); SELECT pg_advisory_lock(7); LISTEN "ch;an"; NOTIFY other;');
BEGIN;
SELECT * FROM pgmig_upgrade();
-- Whatever a user locks is not pgmig's lock
SELECT classid, objid, objsubid, mode FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY objsubid, objid;
COMMIT;
SELECT objid, objsubid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT * FROM pg_listening_channels();
SELECT pg_advisory_unlock_all();
UNLISTEN *;

DROP EXTENSION pgmig;
DROP TABLE person, "DDL log";
DROP TYPE mood;
DROP FUNCTION log_ddl(), log_drop();
