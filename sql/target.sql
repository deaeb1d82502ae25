-- What a target names, and what is refused.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset fieldsep ' | '

-- Load a graph: "id:parents^dependencies#labels", all but the id optional.
CREATE FUNCTION pg_temp.load(graph text) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (
    SELECT string_agg(format(E'-- %1$s\n--\n-- Revision ID: %1$s\n-- Revises: %2$s\n-- Depends On: %3$s\n'
                             '-- Branch Labels: %4$s\n\n-- pgmig: upgrade\n-- pgmig: downgrade\n',
                             VARIADIC m), E'\n' ORDER BY n)
    FROM string_to_table(graph, ' ') WITH ORDINALITY AS r (text, n),
         regexp_match(text, '^([^:^#]+)(?::([^^#]*))?(?:\^([^#]*))?(?:#(.*))?$') AS m) AS d (document),
    pgmig_import(document)
$$;
-- The revisions that a target names.
CREATE FUNCTION pg_temp.show(target text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(revision, ' ' ORDER BY n), '')
  FROM (SELECT revision, row_number() OVER () FROM pgmig_show(target)) AS s (revision, n)
$$;

-- A chain.  Names may be cut short, and may be strange.
BEGIN;
SELECT pg_temp.load($$aaaa1 bbbb2:aaaa1 cccc3:bbbb2#läbel dddd4:cccc3 it's"E;5":dddd4$$);
SELECT target, pg_temp.show(target) FROM (VALUES
  (1, 'aaaa1'), (2, 'b'), (3, 'läbel'), (4, 'läb'), (5, 'it''s"E;5"'), (6, 'it'),
  (7, 'head'), (8, 'heads'), (9, 'base'), (10, '-1'), (11, '-5'), (12, 'b@cc'),
  (13, 'läbel@head'), (14, 'läbel@base'), (15, 'läbel@-2'), (16, 'current')) AS cases (n, target) ORDER BY n;
SELECT pgmig_stamp('cccc3');
SELECT pg_temp.show('current');

-- No such name.
\set SHOW_CONTEXT never
SELECT * FROM pgmig_plan('ccc4');
SELECT * FROM pgmig_plan('label');
SELECT * FROM pgmig_plan('nosuch@base');
SELECT * FROM pgmig_plan('nosuch@base', 'downgrade');
-- A word of the grammar, misspelt
SELECT * FROM pgmig_plan('haed');
SELECT * FROM pgmig_plan('xyz');
SELECT * FROM pgmig_plan('current');
SELECT * FROM pgmig_plan('head@bbbb2');
SELECT * FROM pgmig_plan('BBBB2');
SELECT * FROM pgmig_plan('HEAD');
-- No target at all.
SELECT * FROM pgmig_plan('');
SELECT * FROM pgmig_plan(' ');
SELECT * FROM pgmig_plan('bbbb2@');
SELECT * FROM pgmig_plan('@head');
SELECT * FROM pgmig_plan('aaaa1@bbbb2@head');
SELECT * FROM pgmig_plan('+1xyz');
SELECT * FROM pgmig_plan('+');
SELECT * FROM pgmig_plan('+1@head');
SELECT * FROM pgmig_plan('aaaa1:bbbb2');
SELECT * FROM pgmig_plan('+99999999999999999999');
-- Steps that lead too far.
SELECT * FROM pgmig_plan('+5');
SELECT * FROM pgmig_plan('bbbb2+100');
SELECT * FROM pgmig_plan('head+1');
SELECT * FROM pgmig_plan('bbbb2-9');
SELECT * FROM pgmig_plan('bbbb2-2');
SELECT * FROM pgmig_plan('-4', 'downgrade');
SELECT * FROM pgmig_plan('aaaa1+9', 'downgrade');
SELECT pg_temp.show('-6');
-- Steps that lead the wrong way, or nowhere.
SELECT * FROM pgmig_plan('-1');
SELECT * FROM pgmig_plan('+0');
SELECT * FROM pgmig_plan('+1', 'downgrade');
SELECT pg_temp.show('bbbb2+1');
SELECT pg_temp.show('+1');
-- Not applied; not below the end.
SELECT * FROM pgmig_plan('dddd4', 'downgrade');
SELECT * FROM pgmig_history('-1:current');
SELECT pgmig_stamp('base');
SELECT * FROM pgmig_plan('-1', 'downgrade');
-- Several targets, one of them below another.
SELECT pgmig_upgrade(ARRAY['bbbb2', 'aaaa1']);
ROLLBACK;

-- Branches.
BEGIN;
SELECT pg_temp.load('a b:a c1:b#left d1:c1 c2:b#right d2:c2');
SELECT target, pg_temp.show(target) FROM (VALUES
  (1, 'heads'), (2, '-1'), (3, 'left@head'), (4, 'd2@heads'), (5, 'b@heads'), (6, 'left@-1'),
  (7, 'right@a'), (8, 'right@base')) AS cases (n, target) ORDER BY n;
-- Several heads.
SELECT * FROM pgmig_plan('head');
SELECT pgmig_stamp('head');
SELECT pg_temp.show('b@head');
SELECT * FROM pgmig_plan('heads', 'downgrade');
SELECT pgmig_revision('x');
-- Which way?
SELECT pgmig_stamp('b');
SELECT * FROM pgmig_plan('+1');
SELECT pgmig_stamp('{c1,c2}'::text[]);
SELECT * FROM pgmig_plan('+1');
SELECT * FROM pgmig_plan('-1', 'downgrade');
SELECT * FROM pgmig_plan('b@-1', 'downgrade');
-- Not in the branch.
SELECT * FROM pgmig_plan('left@d2');
SELECT pgmig_stamp('d1', purge => true);
SELECT * FROM pgmig_plan('right@-1', 'downgrade');
SELECT * FROM pgmig_plan('c2', 'downgrade');
SELECT * FROM pgmig_plan('a@b', 'downgrade');
-- New revisions start from heads.
SELECT pgmig_revision('x', head => 'b');
SELECT pgmig_merge('{d1,b}');
SELECT pgmig_merge('{d1,d1}');
SELECT count(*) FROM pgmig_merge(rev_id => 'm');
SELECT revision, parents FROM pgmig_show('head');
-- Down from a merge there are two ways.
SELECT pg_temp.show('-1');
-- Ranges.
SELECT * FROM pgmig_history('c1:d2');
SELECT * FROM pgmig_history('b');
SELECT * FROM pgmig_history('a:b:c1');
SELECT * FROM pgmig_history('nosuch:');
ROLLBACK;

-- An ambiguous beginning; a label counts, even of the same revision.
BEGIN;
SELECT pg_temp.load('aaaa1 aaab2:aaaa1 b:aaab2 bravo:b#bravissimo');
SELECT pg_temp.show('aaaa'), pg_temp.show('b');
SELECT pg_temp.show('aaa');
SELECT pg_temp.show('brav');
ROLLBACK;

-- Bases of their own.
BEGIN;
SELECT pg_temp.load('a1#abr b1:a1 a2#bbr b2:a2');
SELECT pgmig_stamp('heads');
SELECT * FROM pgmig_plan('abr@a2', 'downgrade');
SELECT pgmig_stamp('base');
SELECT * FROM pgmig_plan('+1');
SELECT revision FROM pgmig_plan('bbr@+2');
ROLLBACK;

-- Version heads of which one needs the other.
BEGIN;
SELECT pg_temp.load('a1 a2:a1 b1:a1 b2:b1^a2');
SELECT pg_temp.show('heads');
SELECT pg_temp.show('head');
SELECT * FROM pgmig_plan('a1@heads');
ROLLBACK;

DROP EXTENSION pgmig;
