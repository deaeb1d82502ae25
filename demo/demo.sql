-- What "make demo" runs, on a new database; see scripts/demo.
--
-- psql reads it from standard input.  Each command is printed before its
-- result, and the first error ends the demo.

\set ON_ERROR_STOP on
\set ECHO none
\pset pager off
\pset footer off
\pset null '-'

-- What is in the database besides the system and pgmig itself.
\set inventory 'WITH user_schema AS (SELECT oid FROM pg_namespace WHERE nspname !~ ''^pg_'' AND nspname NOT IN (''information_schema'', ''pgmig'')), member AS (SELECT classid, objid FROM pg_depend WHERE deptype = ''e'') SELECT (SELECT count(*) FROM pg_class WHERE relnamespace IN (TABLE user_schema) AND (''pg_class''::regclass, oid) NOT IN (TABLE member)) AS relations, (SELECT count(*) FROM pg_type WHERE typnamespace IN (TABLE user_schema) AND (''pg_type''::regclass, oid) NOT IN (TABLE member)) AS types, (SELECT count(*) FROM pg_proc WHERE pronamespace IN (TABLE user_schema) AND (''pg_proc''::regclass, oid) NOT IN (TABLE member)) AS functions'

CREATE DATABASE demo ENCODING 'UTF8' TEMPLATE template0;
\connect demo

\echo
\echo '== 1. The extension, and 52 revisions from files =='
\echo
\set ECHO queries
CREATE EXTENSION pgmig;
SELECT count(*) AS revisions_loaded FROM pgmig_load('migrations');
SELECT revision, message FROM pgmig_heads();

\echo
\echo '== 2. Up to head, in one transaction =='
\echo
SELECT pgmig_upgrade('head') \g /dev/null

\echo
\echo '== 3. Where the database is now =='
\echo
SELECT revision, message, is_head FROM pgmig_current();
\set ECHO none
\echo 'Relations, types and functions that the revisions made, counted from the system catalogs:'
\echo
:inventory;
\set ECHO queries

\echo
\echo '== 4. How it got there =='
\echo
SELECT revision, cardinality(parents) AS parents, is_current AS current, left(message, 48) AS message
FROM pgmig_history();

\echo
\echo '== 5. The same as a graph =='
\echo
\pset format unaligned
\pset tuples_only on
SELECT pgmig_graph('text');
\pset tuples_only off
\pset format aligned

\echo
\echo '== 6. Down to base, leaving nothing behind =='
\echo
SELECT pgmig_downgrade('base') \g /dev/null
SELECT count(*) AS current_revisions FROM pgmig_current();
\echo '\\dt'
\set QUIET off
\dt
\set QUIET on
\echo
\set ECHO none
\echo 'Relations, types and functions left, counted likewise:'
\echo
:inventory;
:inventory \gset
SELECT :relations + :types + :functions = 0 AS clean \gset
\if :clean
\else
DO $$ BEGIN RAISE EXCEPTION 'downgrading to base left something behind'; END $$;
\endif
\set ECHO queries

\echo
\echo '== 7. Up again =='
\echo
SELECT count(*) AS revisions_run FROM pgmig_upgrade('head');
SELECT revision, message, is_head FROM pgmig_current();

\echo
\echo '== 8. What was done, as the database remembers it =='
\echo
SELECT run, operation, count(*) AS revisions, sum(duration) AS duration,
       pg_size_pretty(sum(wal_bytes)) AS wal
FROM pgmig_log() GROUP BY run, operation ORDER BY run;
