-- pgmig_edit and pgmig_remove
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
SELECT revision, action FROM pgmig_import($$
-- a
--
-- Revision ID: a'1
-- Create Date: 2025-12-28 10:00:00+00
-- Branch Labels: läb;el

-- pgmig: upgrade
CREATE TABLE a (id int);
-- pgmig: downgrade
DROP TABLE a;

-- b
--
-- long
--
-- Revision ID: b"2
-- Revises: a'1

-- pgmig: upgrade no-transaction
VACUUM;

-- d
--
-- Revision ID: dé4
-- Depends On: b"2

-- pgmig: upgrade
$$, 'Söurce;.sql');

SELECT pgmig_edit($$a'1$$, 'CREATE TABLE a (id bigint)');
SELECT pgmig_edit('läb', downgrade => '');
SELECT pgmig_edit('b"2', E'-- nothing\n', 'SELECT ''O''''Reilly; \''');
SELECT pgmig_edit('dé4') LIKE E'-- d\n%';
SELECT revision, upgrade, downgrade, upgrade_transactional, source FROM pgmig_show('heads');
SELECT upgrade_statements, downgrade_statements, has_children FROM pgmig.revision ORDER BY load_order;

\set VERBOSITY default
SELECT pgmig_edit(NULL, '');
SELECT pgmig_edit('none', '');
SELECT pgmig_edit('base', '');
SELECT pgmig_edit('heads', 'SELECT 4');
SELECT pgmig_edit($$a'1$$, 'SELECT FROM WHERE');
SELECT pgmig_edit($$a'1$$, E'SELECT 1;\n-- pgmig: downgrade\n');
SELECT pgmig_edit($$a'1$$, 'CREATE INDEX CONCURRENTLY ON a (id)');
SELECT pgmig_edit($$a'1$$, downgrade => 'ROLLBACK');
SELECT pgmig_upgrade($$a'1$$);
SELECT pgmig_edit($$a'1$$, 'CREATE TABLE a (id int)');
SELECT pgmig_edit($$a'1$$);
-- Its downgrade can still be mended by a load.
SELECT action FROM pgmig_import(replace(pgmig_export($$a'1$$), E'downgrade\n', E'downgrade\nDROP TABLE a;\n'));
SELECT pgmig_downgrade('base');
SELECT pgmig_edit($$a'1$$, 'CREATE TABLE a (id int)') <> '';

-- remove
SELECT pgmig_remove(NULL);
SELECT pgmig_remove('none');
SELECT pgmig_remove('base');
SELECT pgmig_remove($$a'1$$);
SELECT pgmig_remove('b"2');
SELECT pgmig_upgrade($$a'1$$);
SELECT pgmig_stamp('dé4');
SELECT pgmig_remove('dé4');
SELECT pgmig_stamp('base');
BEGIN READ ONLY;
SELECT pgmig_remove('dé4');
SELECT pgmig_edit('dé4', 'SELECT 1');
ROLLBACK;
SELECT pgmig_remove('dé4') AS document \gset
\echo :document
SELECT * FROM pgmig_import(:'document');
SELECT pgmig_remove('dé4') <> '';
SELECT pgmig_remove('b"2') <> '';
SELECT revision FROM pgmig_heads();
SELECT pgmig_remove('head') <> '';
SELECT count(*) FROM pgmig_history();
SELECT count(*) FROM pgmig.branch_label;
SELECT pgmig_remove('head');

-- Removed in a scope that does not see it applied
SELECT pgmig_revision('x', 'x') <> '';
SET pgmig.scope = 'Other;';
SELECT pgmig_stamp('x');
RESET pgmig.scope;
SELECT pgmig_remove('x');
SELECT pgmig_edit('x', 'SELECT 1');
DROP TABLE a;
DROP EXTENSION pgmig;
