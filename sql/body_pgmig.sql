-- Bodies that turn on pgmig itself, or do what no body may do
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- first
-- Revision ID: f1
-- pgmig: upgrade
CREATE TABLE f (a text);
-- under test
-- Revision ID: f2
-- Revises: f1
-- pgmig: upgrade
SELECT 1;
SELECT 2;
-- pgmig: downgrade
-- last
-- Revision ID: f3
-- Revises: f2
-- pgmig: upgrade
$doc$);
SELECT pgmig_upgrade('f1');

\set try 'SELECT * FROM pgmig_upgrade(''f2'');'

SELECT FROM pgmig_edit('f2', 'CREATE TABLE g (a int); DROP EXTENSION pgmig CASCADE; SELECT 2;');
:try
SELECT FROM pgmig_edit('f2', $$DO 'BEGIN DROP EXTENSION pgmig; CREATE EXTENSION pgmig; END'$$);
:try
SELECT FROM pgmig_edit('f2', $$DELETE FROM pgmig.applied$$);
:try
SELECT FROM pgmig_edit('f2', $$SELECT 1;
TRUNCATE pgmig.run, pgmig.run_step, pgmig.applied$$);
:try
SELECT FROM pgmig_edit('f2', $$WITH x AS (UPDATE pgmig.revision SET message = 'x' RETURNING 1) SELECT * FROM x$$);
:try
SELECT FROM pgmig_edit('f2', $$INSERT INTO pgmig.branch_label VALUES ('l', 'f1', 1)$$);
:try
SELECT FROM pgmig_edit('f2', $$SET session_replication_role = replica; DELETE FROM pgmig.applied$$);
:try
SELECT FROM pgmig_edit('f2', $$SELECT pgmig_upgrade('f3')$$);
:try
SELECT FROM pgmig_edit('f2', $$SELECT pgmig_downgrade('base')$$);
:try
SELECT FROM pgmig_edit('f2', $$SELECT pgmig_stamp('base')$$);
:try
SELECT FROM pgmig_edit('f2', $$
SELECT pgmig_import('-- x
-- Revision ID: f4
-- pgmig: upgrade
')$$);
:try
SELECT FROM pgmig_edit('f2', $$SELECT pgmig_revision('more')$$);
:try
SELECT FROM pgmig_edit('f2', $$SELECT pgmig_remove('f3')$$);
:try
SELECT FROM pgmig_edit('f2', $b$DO $x$
BEGIN
    PERFORM pgmig_upgrade('f3');
END
$x$$b$);
:try
-- Caught, it is still refused
SELECT FROM pgmig_edit('f2', $b$DO $x$
BEGIN
    PERFORM pgmig_upgrade('f3');
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'caught: % %', SQLSTATE, SQLERRM;
    DELETE FROM pgmig.applied;
END
$x$$b$);
:try
SELECT revision FROM pgmig_current();
SELECT count(*) FROM pgmig.revision;
SELECT count(*) FROM pgmig.run;

-- Reading is allowed, and shows what was there before the step
SELECT FROM pgmig_edit('f2', $$
INSERT INTO f SELECT revision FROM pgmig_current();
INSERT INTO f SELECT 'pending ' || revision FROM pgmig_plan('head');
INSERT INTO f SELECT operation || ' ' || outcome FROM pgmig.run ORDER BY run;
SELECT pgmig_upgrade('f1');
$$);
BEGIN;
:try
SELECT * FROM f;
ROLLBACK;

-- Transaction control
SELECT FROM pgmig_edit('f2', $$SELECT 1; COMMIT; SELECT 2$$);
SELECT FROM pgmig_edit('f2', $$DO 'BEGIN COMMIT; END'$$);
:try
SELECT FROM pgmig_edit('f2', $$DO 'BEGIN EXECUTE ''COMMIT''; END'$$);
:try
CREATE PROCEDURE commits() LANGUAGE plpgsql AS 'BEGIN INSERT INTO f VALUES (1); ROLLBACK; END';
SELECT FROM pgmig_edit('f2', $$CALL commits()$$);
:try
CREATE PROCEDURE commits_sql() LANGUAGE sql AS 'COMMIT';
SELECT FROM pgmig_edit('f2', $$CALL commits_sql()$$);
\set SHOW_CONTEXT never
:try
\set SHOW_CONTEXT errors
SELECT FROM pgmig_edit('f2', $$SET TRANSACTION ISOLATION LEVEL SERIALIZABLE$$);
:try

-- Parameters, and commands of psql
SELECT FROM pgmig_edit('f2', $$SELECT $1$$);
SELECT FROM pgmig_edit('f2', $$\d f$$);

-- After all that
SELECT FROM pgmig_edit('f2', $$INSERT INTO f VALUES ('done')$$);
:try
SELECT * FROM pgmig_upgrade();
SELECT * FROM f;

DROP EXTENSION pgmig;
DROP TABLE f;
DROP PROCEDURE commits, commits_sql;
