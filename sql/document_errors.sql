-- What is refused when a document is loaded, and how the error shows where.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgmig CASCADE;
CREATE EXTENSION pgmig;
RESET client_min_messages;
SET client_encoding = 'UTF8';
\pset format unaligned

-- No header, or not all of one
SELECT pgmig_import('');
SELECT pgmig_import(E'-- just a comment\nSELECT 1;\n', 'plain.sql');
SELECT pgmig_import(E'-- Message\n-- pgmig: upgrade\nSELECT 1;');
SELECT pgmig_import(E'SELECT 1;\n\n-- Message\n-- Revision ID: a\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'\n-- Message\n\n-- Revision ID: a\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'--\n-- Revision ID: a\n-- pgmig: upgrade\n');
-- Two files joined without a line end between them
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\nSELECT 1;-- N\n--\n-- Revision ID: b\n-- pgmig: upgrade\n');
-- Two, and a byte order mark
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\nSELECT 1;\n\uFEFF-- N\n-- Revision ID: b\n-- pgmig: upgrade\n');

-- Keys
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Rewises: ä"b'';\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Revises:\n-- no key at all\n\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- ' || repeat('ö', 200) || E': x\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- revises: x\n-- Revises:\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Revision ID: b\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID:\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a "b\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Revises: b,, c\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Depends On: b,\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Branch Labels: ü, x@y\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Create Date: now\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Create Date: infinity\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- Create Date: 2025-02-30 10:00\n-- pgmig: upgrade\n');

-- Sections
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n\nSELECT 1;\n-- pgmig: upgrade\n', 'o''reilly "x".sql');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n\n-- pgmig: upgarde\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n\n-- pgmig: upgrade notransaction\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n\n-- pgmig:\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\n\n-- M\n-- Revises: a\n-- pgmig: upgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\n-- pgmig: downgrade\n-- pgmig: downgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: downgrade\n\n-- N\n-- Revision ID: b\n-- pgmig: upgrade\n');

-- Syntax errors: position in the document, characters before it of any width
\set h '-- M\n-- Revision ID: a\n\n-- pgmig: upgrade\n'
SELECT pgmig_import(:'h' || E'SELECT 1;\n\tSELECT ''äöü'', 2 3;\n\nSELECT 4;\n\n\n\n\nSELECT 5;', 'ä.sql');
SELECT pgmig_import(:'h' || E'-- pgmig: downgrade\r\n\r\n/* x */ SELEC 1;');
SELECT pgmig_import(:'h' || 'SELECT (1;');
SELECT pgmig_import(:'h' || E'SELECT E''\\uD800'';');
SELECT pgmig_import(:'h' || E'REINDEX (CONCURRENTLY perhaps) TABLE t;');
-- Quotes and comments that are not closed; the first mistake is what counts
SELECT pgmig_import(:'h' || E'SELECT ''x;\n-- pgmig: downgrade\nSELECT 2;\n');
SELECT pgmig_import(:'h' || E'SELECT ''it''s'';\n-- pgmig: downgrade\nSELECT ''x'';\n');
SELECT pgmig_import(:'h' || E'SELECT "x;\n-- pgmig: downgrade\n');
SELECT pgmig_import(:'h' || E'SELECT $ä$x$$;\n-- pgmig: downgrade\n');
SELECT pgmig_import(:'h' || E'SELECT 1; /* /* */\n-- pgmig: downgrade\n');
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n/*\n' || :'h');
-- A long document shows the lines around the error only
SELECT pgmig_import(:'h' || repeat(E'SELECT ''ä'';\n', 10000) || E'SELECT 1 1;\nSELECT 2;' || repeat(E'\n', 70000) || ';');
-- ... and of a long line what is around it
SELECT pgmig_import(:'h' || repeat('/* ä */', 10000) || 'SELEC' || repeat('/* ä */', 10000));
\set VERBOSITY terse
SELECT pgmig_import(:'h' || 'SELECT ''' || repeat(E'é', 100000));
\set VERBOSITY default

-- What a body may not contain
CREATE FUNCTION refusal(statement text, section text DEFAULT 'upgrade') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  PERFORM pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\n-- pgmig: downgrade\n-- N\n-- Revision ID: b\n'
                       '-- pgmig: ' || section || E'\nSELECT 1;\n/* first */ ' || statement);
  RAISE EXCEPTION USING ERRCODE = 'raise_exception';
EXCEPTION
WHEN raise_exception THEN
  RETURN 'accepted';
WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(hint, ''));
END $$;
SELECT statement, refusal(statement) FROM unnest(ARRAY[
  'BEGIN', 'START TRANSACTION', 'COMMIT', 'END', 'ROLLBACK AND CHAIN', 'ABORT', 'SAVEPOINT a', 'RELEASE a',
  'ROLLBACK TO a', 'PREPARE TRANSACTION ''x''', 'COPY t FROM STDIN', 'COPY t (a) TO STDOUT (FORMAT csv)',
  'COPY (SELECT a FROM stdin) TO STDOUT', 'COPY t FROM ''/file''', 'COPY t TO PROGRAM ''cat''',
  E'COPY t FROM stdin;\n1\tit''s\n\\.\n', E'COPY stdin FROM ''/f''; SELEC', E'\\dt', E'SELECT 1 \\gset',
  E'\\.', E'SELECT ''\\d''', 'SELECT $1', 'SELECT $$ $1 $$', 'PREPARE p AS SELECT $1',
  'CREATE FUNCTION f(int) RETURNS int RETURN $1', 'CREATE VIEW v AS SELECT $2',
  'CREATE PROCEDURE f(int) BEGIN ATOMIC SELECT $1; END', 'DO ''BEGIN COMMIT; END'''
]) WITH ORDINALITY AS s (statement, n) ORDER BY n;

-- What cannot run inside a transaction block, and what can
SELECT statement, refusal(statement), refusal(statement, 'upgrade no-transaction') AS no_transaction FROM unnest(ARRAY[
  'CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)', 'DROP INDEX CONCURRENTLY i', 'REINDEX TABLE CONCURRENTLY t',
  'REINDEX (CONCURRENTLY) INDEX t', 'REINDEX (CONCURRENTLY, CONCURRENTLY off) INDEX t', 'REINDEX SCHEMA s',
  'REINDEX DATABASE d', 'REINDEX SYSTEM d', 'VACUUM', 'VACUUM (FULL) t', 'ANALYZE t', 'CLUSTER', 'CLUSTER t',
  'ALTER TABLE t DETACH PARTITION p CONCURRENTLY', 'ALTER TABLE t DETACH PARTITION p',
  'ALTER TABLE t DETACH PARTITION p FINALIZE', 'CREATE DATABASE d', 'DROP DATABASE d',
  'ALTER DATABASE d SET TABLESPACE s', 'ALTER DATABASE d CONNECTION LIMIT 1', 'CREATE TABLESPACE s LOCATION ''/x''',
  'DROP TABLESPACE s', 'ALTER TABLESPACE s RENAME TO r', 'ALTER SYSTEM RESET ALL',
  'CREATE SUBSCRIPTION s CONNECTION '''' PUBLICATION p',
  'CREATE SUBSCRIPTION s CONNECTION '''' PUBLICATION p WITH (create_slot = false)',
  'CREATE SUBSCRIPTION s CONNECTION '''' PUBLICATION p WITH (connect = false)',
  'ALTER SUBSCRIPTION s REFRESH PUBLICATION', 'ALTER SUBSCRIPTION s SET PUBLICATION p',
  'ALTER SUBSCRIPTION s ADD PUBLICATION p WITH (refresh = false)', 'ALTER SUBSCRIPTION s SET (failover = true)',
  'ALTER SUBSCRIPTION s SET (two_phase = false)', 'ALTER SUBSCRIPTION s SET (binary = true)',
  'ALTER SUBSCRIPTION s DISABLE', 'DROP SUBSCRIPTION s', 'COMMIT PREPARED ''x''', 'ROLLBACK PREPARED ''x''',
  'DISCARD ALL', 'DISCARD PLANS', 'REFRESH MATERIALIZED VIEW CONCURRENTLY m', 'ALTER TYPE t ADD VALUE ''x'''
]) WITH ORDINALITY AS s (statement, n) ORDER BY n;
-- The position is that of the first token of the statement
SELECT pgmig_import(:'h' || E'-- pgmig: downgrade\nSELECT 1;\n-- about to\n/* clean\nup */ VACUUM t ;');
SELECT count(*) AS changed FROM pgmig.revision;

-- Documents made from arguments that could not be read back
SELECT pgmig_revision('', 'a');
SELECT pgmig_revision(E' \t\nx', 'a');
SELECT pgmig_revision(E'one\rtwo', 'a');
SELECT pgmig_revision('Revises: x', 'a');
SELECT pgmig_revision(E'M\n\npgmig: downgrade', 'a');
SELECT pgmig_revision('M', 'a', upgrade => E'SELECT 1;\n-- pgmig: upgrade\n');
SELECT pgmig_revision('M', 'a', downgrade => E'-- N\n--  revision id : b\n');
SELECT pgmig_revision('M', 'a', upgrade => '/*', downgrade => '*/');
SELECT pgmig_revision('M', 'a', branch_label => 'None');
SELECT regexp_replace(pgmig_revision('M', 'a', upgrade => 'SELECT 1;'), 'Date: .*?\n', E'Date:\n');
SELECT pgmig_edit('a', upgrade => E'SELECT 1;\n-- pgmig: downgrade');
UPDATE pgmig.revision SET created_at = 'infinity';
SELECT pgmig_export();
UPDATE pgmig.revision SET created_at = NULL;

-- CONCURRENTLY that cannot be taken out of the text: its name is not plain
SELECT pgmig_import(E'-- M\n-- Revision ID: b\n-- Revises: a\n\n-- pgmig: upgrade no-transaction\n'
                    'REINDEX (U&"concurrently") TABLE t;');
SET pgmig."concurrently" = off;
SELECT pgmig_upgrade('head');
RESET pgmig."concurrently";
DROP FUNCTION refusal;
DROP EXTENSION pgmig;
