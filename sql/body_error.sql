-- Errors in bodies: where they are, and what is kept of them
CREATE EXTENSION pgmig;
CREATE TABLE t (a int, "größe" text CHECK ("größe" <> ''));

SELECT * FROM pgmig_import($doc$
-- under test
-- Revision ID: it's"é";
-- pgmig: upgrade
SELECT 1;
$doc$);
\set try 'SELECT * FROM pgmig_upgrade();'
\set edit 'SELECT FROM pgmig_edit(''it''''s"é";'', '

-- First and only statement, with and without a position
:edit $$SELECT * FROM evnts$$);
:try
:edit $$SELECT 1/0;$$);
:try
-- In the middle, behind comments and blank lines
:edit $$SELECT 1; -- one;

/* two;
   three */
   ALTER TABLE t
    ADD COLUMN b evnts; SELECT 3;
SELECT 4;$$);
:try
-- Characters of several bytes before it, in its line and in others
:edit $$SELECT 'äöü', '日本語';
SELECT '日本語' AS "größe"; SELECT 'ü', nothing FROM t;$$);
:try
-- Tabs and CRLF
:edit E'SELECT 1;\r\n\tSELECT\tnothing;\r\n');
:try
-- The last of a hundred
:edit (SELECT string_agg('INSERT INTO t VALUES (' || i || ');', ' ') FROM generate_series(1, 99) i) || E'\nINSERT INTO u VALUES (1)');
\set VERBOSITY terse
:try
\set VERBOSITY default
DO $$
DECLARE
    context text;
BEGIN
    PERFORM pgmig_upgrade();
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RAISE NOTICE '%', context;
END
$$;
SELECT count(*) FROM t;
-- A long body is not shown whole, but the place is
\set VERBOSITY terse
:edit 'SELECT 1 /* ü ' || repeat('x', 70000) || E'*/;\n\nSELECT ''ü'', nothing;');
:try
:edit 'SELECT 1; SELECT ''' || repeat('äö', 50000) || E''',\nnothing, ''' || repeat('äö', 50000) || E'''\nFROM t;');
:try
\set VERBOSITY default
:edit 'SELECT 1 /* ü ' || repeat(repeat('x', 79) || E'\n', 1000) || E'*/;\n\n\nSELECT ''ü'', nothing;\n\n-- some\n-- lines\n-- of\n-- comment\n');
:try

-- Message, detail, hint and code are kept
:edit $$INSERT INTO t VALUES (1, '')$$);
:try
:edit $$SELECT lenght FROM t$$);
:try
:edit $b$DO $x$
BEGIN
    RAISE EXCEPTION 'no; "%"', 'é' USING ERRCODE = 'ZX123', DETAIL = 'Some detail.', HINT = 'Some hint.';
END
$x$$b$);
:try
\set VERBOSITY sqlstate
:try
\set VERBOSITY default

-- A query within a function keeps its own text
CREATE FUNCTION inner_query() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1;
    RETURN (SELECT x FROM no_such_table);
END
$$;
CREATE FUNCTION inner_error() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RETURN 1 / 0;
END
$$;
CREATE FUNCTION inner_execute() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT no_such_column';
END
$$;
:edit E'SELECT 1;\nSELECT inner_query();');
:try
-- (the context of an expression is worded differently from 18 on)
:edit E'SELECT 1;\nSELECT inner_error();');
\set SHOW_CONTEXT never
:try
\set SHOW_CONTEXT errors
:edit E'SELECT 1;\nSELECT inner_execute();');
:try
:edit $$CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS 'SELECT nothing'$$);
:try
:edit $$SELECT 1;
DO 'BEGIN x; END'$$);
:try

-- Warnings and notices of statements say where they come from
:edit $$SELECT 1;
DO 'BEGIN RAISE NOTICE ''a notice''; RAISE WARNING ''a warning''; END';
DROP TABLE IF EXISTS nothing;$$);
BEGIN;
:try
ROLLBACK;

-- From within a function
:edit E'SELECT 1;\nSELECT nothing');
DO 'BEGIN PERFORM pgmig_upgrade(); END';

-- All of these have left nothing
SELECT count(*) FROM pgmig.run;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT current_user = session_user AS same, current_setting('search_path');
:edit 'INSERT INTO t VALUES (1, ''done'')');
:try
SELECT * FROM t;
SELECT count(*) FROM pgmig.run;

DROP EXTENSION pgmig;
DROP TABLE t;
DROP FUNCTION inner_query(), inner_error(), inner_execute();
