-- pgmig_revision and pgmig_merge: their arguments, and what they refuse.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
-- Documents without the date, which differs.
CREATE FUNCTION pg_temp.undated(document text) RETURNS text LANGUAGE sql AS
    $$ SELECT regexp_replace(document, E'-- Create Date: [0-9 :.+-]+\n', E'-- Create Date: (date)\n') $$;

-- The first one, and one on top, with an id of 12 hexadecimal digits.
SELECT pg_temp.undated(pgmig_revision('Fïrst; "message"', 'b"ase;'));
SELECT pg_temp.undated(pgmig_revision(E'second\n\nlong\n  indented', upgrade => E'\n\nCREATE TABLE "T;" (id int);  \n\n', downgrade => 'DROP TABLE "T;"'))
       ~ E'^-- second\n--\n-- long\n--   indented\n--\n-- Revision ID: [0-9a-f]{12}\n-- Revises: b"ase;\n-- Create Date: \\(date\\)\n\n-- pgmig: upgrade\nCREATE TABLE "T;" \\(id int\\);\n\n-- pgmig: downgrade\nDROP TABLE "T;"\n$';
SELECT count(*) FROM pgmig_history() WHERE revision ~ '^[0-9a-f]{12}$';
SELECT pgmig_remove('head') IS NOT NULL;
-- All of it
SELECT pg_temp.undated(pgmig_revision('third', 'th''ird', depends_on => NULL, branch_label => 'läbel;',
                                      upgrade => 'VACUUM', downgrade => NULL, transactional => false));
SELECT upgrade_transactional, downgrade, downgrade_transactional FROM pgmig_show('th');
SELECT pgmig_revision('other base', 'other', 'base', depends_on => ARRAY['läbel;', 'b"ase;']) LIKE E'%-- Depends On: läbel;, b"ase;\n%';
SELECT pgmig_revision('on the label''s branch', 'l2', 'läbel;@head') LIKE E'%-- Revises: th''ird\n%';
SELECT pgmig_revision('depends on a prefix', 'p2', 'other', depends_on => ARRAY['b"a']) LIKE E'%-- Depends On: b"ase;\n%';
SELECT pgmig_revision('splice', 'sp', 'b"ase;', true) LIKE E'%-- Revises: b"ase;\n%';
SELECT revision, parents, depends_on, labels FROM pgmig_history();
SELECT pgmig_merge('{l2,sp}', rev_id => 'm') LIKE E'-- merge l2, sp\n--\n-- Revision ID: m\n-- Revises: l2, sp\n%';
SELECT pgmig_merge(branch_label => 'mërged') LIKE E'-- merge p2, m\n%';
SELECT pgmig_merge('{mërged}', 'with a \messa''ge', rev_id => 'child') LIKE E'%-- Revises: ____________\n%';
SELECT labels FROM pgmig_heads();
SELECT pgmig_merge('{l2,p2}', 'spliced', 'l;', 'spliced', splice => true) LIKE E'%-- Revises: l2, p2\n%';

-- The only head
\set VERBOSITY default
BEGIN;
SELECT count(*) FROM pgmig_merge(rev_id => 'the_merge');
SELECT pgmig_merge();
ROLLBACK;

-- Several heads, or none that is one (R01 to R03)
SELECT pgmig_revision('which head', 'no');
SELECT pgmig_revision('no head', 'no', 'l2');
SELECT pgmig_merge('{child,l2}', rev_id => 'no');
SELECT pgmig_merge('{child,child}', rev_id => 'no');
SELECT pgmig_merge('{}');
SELECT pgmig_merge('{NULL}');
SELECT pgmig_revision('unknown', 'no', 'nothing like it');
SELECT pgmig_revision('unknown', 'no', 'nothing@head');
-- Ids and labels
SELECT pgmig_revision('twice', 'b"ase;', 'child');
SELECT pgmig_revision('a label', 'läbel;', 'child');
SELECT pgmig_revision('a new label', 'no', 'child', branch_label => 'läbel;');
SELECT pgmig_revision('an id', 'no', 'child', branch_label => 'other');
SELECT pgmig_revision('itself', 'no', 'child', branch_label => 'no');
\set VERBOSITY terse
SELECT pgmig_revision('bad', 'head', 'child');
SELECT pgmig_revision('bad', '', 'child');
SELECT pgmig_revision('bad', 'a-b', 'child');
SELECT pgmig_revision('bad', 'a@b', 'child');
SELECT pgmig_revision('bad', 'a,b', 'child');
SELECT pgmig_revision('bad', E'a\n-- Depends On: other', 'child');
SELECT pgmig_revision('bad', 'no', 'child', branch_label => 'a:b');
SELECT pgmig_revision('bad', 'no', 'child', branch_label => '');
SELECT pgmig_revision('bad', 'no', 'child', branch_label => 'a, b');
SELECT pgmig_revision('bad', 'no', 'child', branch_label => E'a\n-- Depends On: other');
\set VERBOSITY sqlstate
SELECT pgmig_revision('bad', repeat('x', 256), 'child');
\set VERBOSITY terse
-- Dependencies
SELECT pgmig_revision('bad', 'no', 'child', depends_on => '{none}');
SELECT pgmig_revision('bad', 'no', 'child', depends_on => '{base}');
SELECT pgmig_revision('bad', 'no', 'child', depends_on => '{other,other}');
SELECT pgmig_revision('bad', 'no', 'child', depends_on => '{heads}');
SELECT pgmig_revision('bad', 'no', 'child', depends_on => '{NULL}');
SELECT pgmig_revision('bad', 'no', 'child', depends_on => '{""}');
-- Messages and bodies with lines that would be read as something else
SELECT pgmig_revision(NULL);
SELECT pgmig_revision('', 'no', 'child');
SELECT pgmig_revision(E' \n\t', 'no', 'child');
SELECT pgmig_revision(E'\nfirst line empty', 'no', 'child');
SELECT pgmig_revision('null body', 'no', 'child', upgrade => NULL);
SELECT pgmig_revision('Revision ID: x', 'no', 'child');
SELECT pgmig_revision(E'first\nRevises: x', 'no', 'child');
SELECT pgmig_revision(E'first\npgmig: upgrade', 'no', 'child');
SELECT pgmig_revision('body', 'no', 'child', upgrade => E'SELECT 1;\n-- pgmig: downgrade\nDROP SCHEMA public');
SELECT pgmig_revision('body', 'no', 'child', upgrade => E'SELECT 1;\n\n-- x\n--\n-- Revision ID: x\n\n-- pgmig: upgrade\n');
\set VERBOSITY sqlstate
SELECT pgmig_revision('body', 'no', 'child', upgrade => 'SELECT FROM WHERE');
SELECT pgmig_revision('body', 'no', 'child', upgrade => $$SELECT 'unterminated$$);
SELECT pgmig_revision('body', 'no', 'child', upgrade => '/* unterminated');
SELECT pgmig_revision('body', 'no', 'child', upgrade => 'VACUUM');
SELECT pgmig_revision('body', 'no', 'child', upgrade => 'COMMIT');
SELECT pgmig_revision('body', 'no', 'child', downgrade => 'SELECT FROM WHERE');
\set VERBOSITY terse
BEGIN READ ONLY;
SELECT pgmig_revision('read only', 'no', 'child');
ROLLBACK;
SELECT count(*) FROM pgmig.revision WHERE revision = 'no';

-- What was made is what a load of it gives.
SELECT count(*) FROM pgmig_import(pgmig_export());
DROP EXTENSION pgmig;
