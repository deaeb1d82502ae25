-- pgmig_check() by scope, and by roles
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT count(*) FROM pgmig_import($doc$
-- Create items
-- Revision ID: items
-- pgmig: upgrade
CREATE TABLE scope_item (id int);
-- pgmig: downgrade
DROP TABLE scope_item;

-- Name them
-- Revision ID: names
-- Revises: items
-- pgmig: upgrade
ALTER TABLE scope_item ADD COLUMN name text;
-- pgmig: downgrade
ALTER TABLE scope_item DROP COLUMN name;
$doc$);
CREATE TEMP VIEW drift AS SELECT "check", kind, regexp_replace(identity, '^for role \S+', 'for role x') AS identity, property,
        expected = 'not there' AS added, found = 'not there' AS removed
    FROM pgmig_check() WHERE "check" <> 'pending';
CREATE SCHEMA scope_a;
CREATE SCHEMA "Scope B""; ü";
CREATE TABLE scope_a.by_hand (id int);
ALTER DEFAULT PRIVILEGES IN SCHEMA scope_a GRANT SELECT ON TABLES TO public;

-- A schema belongs to the database, until it is a scope.
SELECT pgmig_upgrade();
TABLE drift;
SET pgmig.scope = 'scope_a';
TABLE drift;
SELECT pgmig_upgrade('items');
TABLE drift;
SET pgmig.scope = 'Scope B"; ü';
SELECT pgmig_upgrade();
TABLE drift;
RESET pgmig.scope;
TABLE drift;

-- Each record has its schema, or what is no scope's.
SELECT scope, jsonb_path_query_array(snapshot, '$.schemas') AS schemas, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(snapshot #> '{objects,table}') k WHERE k ~ 'scope|Scope') AS tables
    FROM (SELECT DISTINCT ON (scope) scope, snapshot FROM pgmig.run JOIN pgmig.snapshot USING (fingerprint) ORDER BY scope, run DESC) r ORDER BY scope COLLATE "C";
SELECT pgmig_accept('scopes') > 0 AS accepted;
SELECT jsonb_object_keys(pgmig_recorded() #> '{objects,table}') ~ 'scope_a|Scope B' AS is_of_scope GROUP BY 1;

-- Drift in one is no drift in another.
CREATE INDEX scope_hand ON scope_a.scope_item (id);
CREATE SEQUENCE public.scope_hand;
TABLE drift;
SET pgmig.scope = 'scope_a';
TABLE drift;
SELECT pgmig_recorded((SELECT min(run) FROM pgmig.run WHERE scope = ''));
SET pgmig.scope = 'Scope B"; ü';
TABLE drift;
SELECT pgmig_accept('nothing') > 0 AS accepted;
SET pgmig.scope = 'scope_a';
TABLE drift;
SELECT pgmig_accept('an index') > 0 AS accepted;
TABLE drift;
RESET pgmig.scope;
TABLE drift;
DROP SEQUENCE public.scope_hand;
SELECT * FROM pgmig_check();

-- A schema that is dropped, one that is not there yet, one that never was
DROP SCHEMA scope_a CASCADE;
TABLE drift;
SET pgmig.scope = 'scope_a';
TABLE drift;
SELECT pgmig_accept('gone') > 0 AS accepted;
TABLE drift;
SET pgmig.scope = 'scope_c';
SELECT "check", identity FROM pgmig_check();
SELECT pgmig_stamp('names');
SELECT * FROM pgmig_check();
CREATE SCHEMA scope_c;
CREATE TABLE scope_c.scope_item (id int, name text);
TABLE drift;
RESET pgmig.scope;
SELECT * FROM pgmig_check();

-- A new schema is the database's drift, until something is run in it.
CREATE SCHEMA scope_d;
TABLE drift;
SET pgmig.scope = 'scope_d';
SELECT pgmig_stamp('items');
RESET pgmig.scope;
TABLE drift;

-- Roles: readers check, runners accept, others do neither; all see the same.
CREATE ROLE pgmig_check_reader;
CREATE ROLE pgmig_check_runner;
CREATE ROLE pgmig_check_author;
SELECT pgmig_grant('pgmig_check_reader', 'reader'), pgmig_grant('pgmig_check_runner', 'runner'), pgmig_grant('pgmig_check_author', 'author');
CREATE SCHEMA scope_secret CREATE TABLE secret (a int) CREATE VIEW secrets AS SELECT a FROM secret;
SET ROLE pgmig_check_reader;
SELECT "check", kind, identity FROM pgmig_check();
SELECT pgmig_recorded() IS NOT NULL AS recorded;
SELECT pgmig_accept('a reader');
SET ROLE pgmig_check_author;
SELECT count(*) FROM pgmig_check();
SELECT pgmig_recorded();
SELECT pgmig_accept('an author');
SET ROLE pgmig_check_runner;
SELECT count(*) FROM pgmig_check();
SELECT pgmig_accept('a runner') > 0 AS accepted;
SELECT * FROM pgmig_check();
RESET ROLE;
SELECT * FROM pgmig_check();
SELECT role, tag FROM pgmig_log() LIMIT 1;
DROP SCHEMA scope_secret CASCADE;

-- A role that may not read a catalog
REVOKE SELECT ON pg_catalog.pg_proc FROM public;
SET ROLE pgmig_check_runner;
\set VERBOSITY default
SELECT pgmig_stamp('base');
SELECT count(*) FROM pgmig_check();
\set VERBOSITY terse
SELECT pgmig_accept('cannot see');
RESET ROLE;
SELECT "check", expected, found FROM pgmig_check() WHERE "check" <> 'pending';
GRANT SELECT ON pg_catalog.pg_proc TO public;
SET ROLE pgmig_check_runner;
SELECT pgmig_stamp('names');
SELECT * FROM pgmig_check();
RESET ROLE;

DROP VIEW drift;
DROP EXTENSION pgmig;
DROP TABLE scope_item;
DROP SCHEMA "Scope B""; ü", scope_c, scope_d CASCADE;
DROP OWNED BY pgmig_check_reader, pgmig_check_runner, pgmig_check_author;
DROP ROLE pgmig_check_reader, pgmig_check_runner, pgmig_check_author;
