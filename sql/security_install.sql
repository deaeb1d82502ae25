-- Installation next to what others have put there.
\set VERBOSITY terse
SET client_min_messages = warning;

-- Schema pgmig is there already.
CREATE SCHEMA pgmig;
CREATE EXTENSION pgmig;
CREATE EXTENSION pgmig SCHEMA pgmig;
DROP SCHEMA pgmig;

-- A function with a name of ours, made by someone who waits for it.
CREATE ROLE pgmig_attacker;
CREATE SCHEMA "Target; schema" AUTHORIZATION pgmig_attacker;
SET ROLE pgmig_attacker;
CREATE FUNCTION "Target; schema".pgmig_log() RETURNS SETOF text LANGUAGE sql AS 'SELECT current_user::text';
RESET ROLE;
CREATE EXTENSION pgmig SCHEMA "Target; schema";
SELECT count(*) FROM pg_extension WHERE extname = 'pgmig';
SELECT to_regnamespace('pgmig') IS NULL AS nothing_left;
DROP FUNCTION "Target; schema".pgmig_log();

-- Operators, functions and types in the way while the script runs.
SET ROLE pgmig_attacker;
CREATE FUNCTION "Target; schema".hijacked(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'hijacked as %', current_user;
    RETURN true;
END $$;
CREATE OPERATOR "Target; schema".= (LEFTARG = text, RIGHTARG = text, FUNCTION = "Target; schema".hijacked);
CREATE OPERATOR "Target; schema".<> (LEFTARG = text, RIGHTARG = text, FUNCTION = "Target; schema".hijacked);
CREATE OPERATOR "Target; schema".!~ (LEFTARG = text, RIGHTARG = text, FUNCTION = "Target; schema".hijacked);
CREATE FUNCTION "Target; schema".now() RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'hijacked as %', current_user;
    RETURN '2000-01-01';
END $$;
CREATE DOMAIN "Target; schema".text AS int;
CREATE DOMAIN "Target; schema".timestamptz AS int;
RESET ROLE;
SET search_path = "Target; schema", pg_catalog;
CREATE EXTENSION pgmig SCHEMA "Target; schema";
RESET search_path;
SELECT attname, atttypid::regtype FROM pg_attribute
WHERE attrelid = 'pgmig.applied'::regclass AND attnum > 0 ORDER BY attnum;
SELECT pg_get_constraintdef(oid) ~ 'hijacked|Target' FROM pg_constraint WHERE conname = 'revision_id_check';

-- All of it works from there, qualified or on the search_path.
SELECT * FROM "Target; schema".pgmig_import($$
-- one
--
-- Revision ID: o"ne

-- pgmig: upgrade
CREATE TABLE made (id int);
-- pgmig: downgrade
DROP TABLE made;
$$);
SELECT "Target; schema".pgmig_upgrade();
SET search_path = public, "Target; schema";
SELECT pgmig_downgrade('base');
SELECT current = '{}' AS base, heads FROM pgmig_status();
CREATE ROLE pgmig_caller;
SELECT pgmig_grant('pgmig_caller', 'runner');
SELECT has_schema_privilege('pgmig_caller', 'Target; schema', 'USAGE') AS in_schema;
RESET search_path;

-- It stays where it is.
ALTER EXTENSION pgmig SET SCHEMA public;
BEGIN;
ALTER SCHEMA pgmig RENAME TO other;
SELECT "Target; schema".pgmig_history();
ROLLBACK;
DROP SCHEMA pgmig CASCADE;

-- Dropped and made again in one session, whose plans are kept.
DROP EXTENSION pgmig;
SELECT pgmig_log();
CREATE EXTENSION pgmig;
SELECT * FROM pgmig_import($$
-- two
--
-- Revision ID: two

-- pgmig: upgrade
$$);
SELECT pgmig_upgrade();
SELECT run, revision FROM pgmig_log();
DROP EXTENSION pgmig;

DROP OWNED BY pgmig_caller, pgmig_attacker CASCADE;
DROP ROLE pgmig_caller, pgmig_attacker;
