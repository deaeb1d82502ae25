-- Runs as scripts for psql: what they look like
CREATE EXTENSION pgmig;
SELECT * FROM pgmig_import($doc$
-- Create "it"
-- Revision ID: it's;1
-- pgmig: upgrade
CREATE TABLE "it's" (a int, b text);
INSERT INTO "it's" VALUES (1, 'semi; colon'), (2, '-- no comment');
-- pgmig: downgrade
DROP TABLE "it's";
-- Add a column
-- Revision ID: two
-- Revises: it's;1
-- pgmig: upgrade
ALTER TABLE "it's" ADD COLUMN c int
-- pgmig: downgrade
ALTER TABLE "it's" DROP COLUMN c -- no semicolon
-- Nothing
-- Revision ID: three
-- Revises: two
-- pgmig: upgrade
-- pgmig: downgrade
$doc$);

\pset format unaligned
\pset tuples_only on
SELECT pgmig_upgrade_sql('two');
SELECT pgmig_upgrade_sql('it''s;1:three');
SELECT pgmig_downgrade_sql('two:base');
SELECT pgmig_stamp_sql('head');
SELECT pgmig_stamp_sql('three:it''s;1');
-- Nothing to do
SELECT pgmig_downgrade_sql('base') = '', pgmig_stamp_sql('base') = '', pgmig_upgrade_sql('base:base') = '';
SELECT pgmig_upgrade_sql('base:it''s;1') = pgmig_upgrade_sql(':it''s;1');
SET pgmig.lock_timeout = 0;
SET pgmig.statement_timeout = '1h';
SET pgmig.scope = 'it''s "a" scope';
SELECT pgmig_upgrade_sql('base:it''s;1');
RESET ALL;
\pset format aligned
\pset tuples_only off

-- Refused
SELECT pgmig_upgrade_sql(NULL);
SELECT pgmig_upgrade_sql('');
SELECT pgmig_upgrade_sql('two:');
SELECT pgmig_upgrade_sql('base:two:three');
SELECT pgmig_upgrade_sql('nowhere:two');
SELECT pgmig_upgrade_sql('three:two');
SELECT pgmig_downgrade_sql('two:three');
SELECT pgmig_downgrade_sql(NULL);
SELECT pgmig_stamp_sql(NULL);

DROP EXTENSION pgmig;
