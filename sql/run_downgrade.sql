-- The smallest history that has a step down, and a failed body that prepared
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($$
-- first
-- Revision ID: d1
-- pgmig: upgrade
CREATE TABLE d (a int);
-- pgmig: downgrade
DROP TABLE d;

-- second
-- Revision ID: d2
-- Revises: d1
-- pgmig: upgrade
ALTER TABLE d ADD COLUMN b int;
-- pgmig: downgrade
ALTER TABLE d DROP COLUMN b;
$$);
SELECT * FROM pgmig_upgrade();
SELECT step, revision FROM pgmig_plan('-1', 'downgrade');
-- Nothing of the graph is known to a new session
\c -
SELECT * FROM pgmig_downgrade('-1');
\c -
SELECT * FROM pgmig_downgrade('-1');
SELECT revision FROM pgmig_current();

-- What a body has prepared goes when it fails, too
SELECT FROM pgmig_edit('d1', 'PREPARE d AS SELECT 1; SELECT 1/0');
SELECT * FROM pgmig_upgrade('d1');
SELECT name FROM pg_prepared_statements;
SELECT * FROM pgmig_upgrade('d1');
PREPARE d AS SELECT 'mine';
SELECT * FROM pgmig_upgrade('d1');
EXECUTE d;
DEALLOCATE d;

-- A downgrade of an applied revision can be edited, an upgrade cannot
SELECT FROM pgmig_edit('d1', 'CREATE TABLE d (a int)');
SELECT * FROM pgmig_upgrade('d1');
SELECT FROM pgmig_edit('d1', downgrade => 'DROP TABLE d CASCADE');
SELECT FROM pgmig_edit('d1', 'CREATE TABLE d (b int)');
SELECT * FROM pgmig_downgrade('base');

DROP EXTENSION pgmig;
