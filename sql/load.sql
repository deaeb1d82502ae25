-- Loading again: what is unchanged, what is replaced, what is refused.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;

SELECT * FROM pgmig_import(NULL);
SELECT * FROM pgmig_import('');
SELECT * FROM pgmig_import('SELECT 1;', 'näme;');
\set VERBOSITY sqlstate
SELECT * FROM pgmig_load(repeat('x', 300));
\set VERBOSITY default

SELECT $$-- first
--
-- Revision ID: Fi"rst;
-- Branch Labels: läbel

-- pgmig: upgrade
CREATE TABLE t (id int);
-- pgmig: downgrade
DROP TABLE t;

-- second
--
-- Revision ID: s'2
-- Revises: Fi"rst;

-- pgmig: upgrade
CREATE TABLE u (id int);
-- pgmig: downgrade
DROP TABLE u;
$$ AS document \gset
SELECT * FROM pgmig_import(:'document', 'näme;');
-- The same again is nothing, also by another name, and in a transaction that
-- is read-only.
SELECT * FROM pgmig_import(:'document', 'näme;');
SELECT * FROM pgmig_import(:'document', 'other');
BEGIN READ ONLY;
SELECT * FROM pgmig_import(:'document');
SELECT * FROM pgmig_import(replace(:'document', 'CREATE', 'CREATE TEMP'));
ROLLBACK;
SELECT revision, source, load_order FROM pgmig.revision ORDER BY load_order;

-- Not applied: everything may change; who loaded it and the source follow.
SELECT * FROM pgmig_import(replace(:'document', 'id int', 'id bigint'), 'third');
SELECT revision, source, load_order, upgrade FROM pgmig.revision ORDER BY load_order;
SELECT * FROM pgmig_import(replace(:'document', E'Revises: Fi"rst;\n', E'Revises:\n'));
SELECT revision FROM pgmig_heads();
SELECT * FROM pgmig_import(:'document');
SELECT revision FROM pgmig_heads();

SELECT pgmig_upgrade('Fi');
\set VERBOSITY default
-- Applied: the tokens of the upgrade, parents and dependencies stay.
SELECT * FROM pgmig_import(replace(:'document', 't (id int)', 't (id bigint)'), 'changed.sql');
SELECT * FROM pgmig_import(replace(:'document', '-- Branch', E'-- Revises: s''2\n-- Branch'), 'changed.sql');
SELECT * FROM pgmig_import(replace(:'document', '-- Branch', E'-- Depends On: s''2\n-- Branch'), 'changed.sql');
SELECT * FROM pgmig_import(replace(:'document', E'Revises: Fi"rst;\n', E'Revises:\n'));
SELECT * FROM pgmig_import(:'document');
-- Comments, blanks, message, labels, the downgrade may change.
SELECT * FROM pgmig_import(replace(:'document', 'CREATE TABLE t (id int)', E'CREATE /* a */   TABLE\n t\t(id int) -- end'));
SELECT upgrade FROM pgmig_show('Fi');
SELECT * FROM pgmig_import(replace(:'document', '-- first', E'-- First; "again"\n--\n-- more'));
SELECT * FROM pgmig_import(replace(:'document', 'DROP TABLE t', 'DROP TABLE t RESTRICT'));
SELECT * FROM pgmig_import(replace(:'document', 'läbel', 'läbel, other'));
SELECT * FROM pgmig_import(replace(:'document', '-- Branch', E'-- Create Date: 2025-12-28 10:00:00+05:45\n-- Branch'));
SELECT * FROM pgmig_import(replace(:'document', E'-- pgmig: downgrade\nDROP TABLE t;\n', ''));
SELECT pgmig_downgrade('base');
SELECT * FROM pgmig_import(:'document');
-- ... and the new downgrade runs.
SELECT pgmig_downgrade('base');

-- In another scope it is applied just as well.
CREATE SCHEMA "Scöpe;";
SET pgmig.scope = 'Scöpe;';
SELECT pgmig_upgrade('Fi');
RESET pgmig.scope;
SELECT * FROM pgmig_import(replace(:'document', 't (id int)', 't (id bigint)'));
-- After a downgrade there, the change is no longer one of history.
SET pgmig.scope = 'Scöpe;';
SELECT pgmig_downgrade('base');
RESET pgmig.scope;
SELECT * FROM pgmig_import(replace(:'document', 't (id int)', 't (id bigint)'));

-- All or nothing: the last of three is wrong.
SELECT * FROM pgmig_import(E'-- a\n--\n-- Revision ID: a\n\n-- pgmig: upgrade\n\n-- b\n--\n-- Revision ID: b\n\n-- pgmig: upgrade\nSELECT FROM WHERE;\n');
SELECT * FROM pgmig_import(E'-- a\n--\n-- Revision ID: a\n\n-- pgmig: upgrade\n\n-- b\n--\n-- Revision ID: b\n-- Revises: none\n\n-- pgmig: upgrade\n', 'sou"rce.sql');
SELECT count(*) FROM pgmig_history();
-- ... and so with the transaction around it.
BEGIN;
SELECT * FROM pgmig_import(E'-- a\n--\n-- Revision ID: a\n\n-- pgmig: upgrade\n');
ROLLBACK;
SELECT count(*) FROM pgmig_history();

DROP EXTENSION pgmig;
DROP SCHEMA "Scöpe;";
