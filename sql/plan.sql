-- Which revisions a run takes, in which order: the same ones as Alembic, but
-- for what the comments say.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
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
-- What the functions answer when the database stands at these heads.
CREATE FUNCTION pg_temp.at(heads text) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM pgmig_stamp(string_to_array(coalesce(nullif(heads, ''), 'base'), ' '), purge => true)
$$;
CREATE FUNCTION pg_temp.plan(heads text, direction text, target text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.at(heads);
  SELECT coalesce(string_agg(revision, ' ' ORDER BY step), '') FROM pgmig_plan(target, direction)
$$;
CREATE FUNCTION pg_temp.history(heads text, range text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.at(heads);
  SELECT coalesce(string_agg(revision, ' ' ORDER BY n), '') FROM pgmig_history(range) WITH ORDINALITY AS h (revision, p, d, l, m, a, b, c, e, f, n)
$$;
CREATE FUNCTION pg_temp.stamp(heads text, targets text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.at(heads);
  SELECT coalesce(string_agg(c, ' ' ORDER BY c), '') FROM pgmig_stamp(string_to_array(targets, ' ')) c
$$;

-- A chain.
BEGIN;
SELECT pg_temp.load('aaaa1 bbbb2:aaaa1 cccc3:bbbb2 dddd4:cccc3 eeee5:dddd4');
SELECT direction, heads, target, pg_temp.plan(heads, direction, target) FROM (VALUES
  (1, 'upgrade', 'cccc3', 'head'),
  (2, 'upgrade', 'aaaa1', '+2'),
  (3, 'upgrade', 'aaaa1', 'bbbb2+2'),
  (4, 'upgrade', 'aaaa1', 'dddd4-2'),
  (5, 'upgrade', 'cccc3', 'aaaa1'),          -- applied
  (6, 'upgrade', 'aaaa1', 'bb'),
  (7, 'upgrade', '', 'base+2'),
  (8, 'downgrade', 'cccc3', 'base'),
  (9, 'downgrade', 'dddd4', 'cccc3-2'),
  (10, 'downgrade', 'cccc3', '-3'),
  (11, 'downgrade', 'cccc3', 'aaaa1+1'),
  (12, 'downgrade', 'cccc3', 'cccc3')) AS cases (n, direction, heads, target) ORDER BY n;
-- The other columns.
SELECT * FROM pgmig_plan('-2', 'downgrade');
ROLLBACK;

-- Two branches of a trunk: the one that was loaded last comes first.
BEGIN;
SELECT pg_temp.load('a b:a c1:b#left d1:c1 c2:b#right d2:c2');
SELECT direction, heads, target, pg_temp.plan(heads, direction, target) FROM (VALUES
  (1, 'upgrade', '', 'heads'),
  (2, 'upgrade', 'b', 'left@head'),
  (3, 'upgrade', 'c1', 'right@+1'),
  (4, 'upgrade', 'c1 c2', 'd2@+1'),
  (5, 'downgrade', 'd1 d2', 'a'),
  (6, 'downgrade', 'd1 d2', 'left@b'),
  (7, 'downgrade', 'd1 d2', 'right@base+2'),
  (8, 'downgrade', 'd1 d2', 'c2'),
  (9, 'downgrade', 'd1 d2', 'left@-3'),      -- below the fork, all goes
  (10, 'downgrade', 'd1 d2', 'left@base'),
  (11, 'downgrade', 'd1', 'left@head'),      -- an error in Alembic
  (12, 'downgrade', 'd1', 'd1@-1')) AS cases (n, direction, heads, target) ORDER BY n;
SELECT heads, targets, pg_temp.stamp(heads, targets) FROM (VALUES
  (1, 'd1 c2', 'b'),
  (2, 'd1 c2', 'left@base'),
  (3, 'd1 c2', 'right@head'),
  (4, 'd1', 'd2'),
  (5, 'a', 'd1 d2'),
  (6, '', 'a d1'),                           -- Alembic keeps both
  (7, '', 'd1 a'),
  (8, 'd1 d2', 'base'),
  (9, 'd1 d2', 'c1 c2')) AS cases (n, heads, targets) ORDER BY n;
SELECT heads, range, pg_temp.history(heads, range) FROM (VALUES
  (1, '', NULL),
  (2, '', 'b:'),
  (3, '', 'left@base:'),
  (4, 'c1', 'current:d1'),
  (5, 'c1', ':current'),
  (6, '', 'right@-1:'),
  (7, '', 'c1:+1'),
  (8, '', '-9:d2')) AS cases (n, heads, range) ORDER BY n;
ROLLBACK;

-- Merges: the missing side comes along; downwards, only the merge goes.
BEGIN;
SELECT pg_temp.load('a b:a c1:b d1:c1 c2:b#right d2:c2 e:d1,d2 f:e');
SELECT direction, heads, target, pg_temp.plan(heads, direction, target) FROM (VALUES
  (1, 'upgrade', 'b', 'f'),
  (2, 'upgrade', 'd1', 'head'),
  (3, 'downgrade', 'f', 'b'),
  (4, 'downgrade', 'f', 'd1')) AS cases (n, direction, heads, target) ORDER BY n;
SELECT pg_temp.stamp('d1 c2', 'e');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 b1:a1 c1:b1 a2 b2:a2 c2:b2 d1:c1,c2 d2:c2');
SELECT pg_temp.plan('d2 b1', 'upgrade', 'd1'), pg_temp.plan('d2 d1', 'downgrade', 'b1');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a b1:a b2:a b3:a c1:b1,b2,b3 c2:b1,b2,b3 d1:c1 d2:c2');
SELECT pg_temp.plan('', 'upgrade', 'heads');
ROLLBACK;

-- Several bases.
BEGIN;
SELECT pg_temp.load('a1#abr b1:a1 a2#bbr b2:a2');
SELECT pg_temp.plan('', 'upgrade', 'heads'), pg_temp.plan('b1 b2', 'downgrade', 'abr@base');
ROLLBACK;

-- Dependencies are applied first and stay when what needs them goes.
BEGIN;
SELECT pg_temp.load('a1 a2:a1 b1 b2:b1^a2');
SELECT direction, heads, target, pg_temp.plan(heads, direction, target) FROM (VALUES
  (1, 'upgrade', '', 'heads'),
  (2, 'downgrade', 'b2', 'a1'),
  (3, 'downgrade', 'b2', 'b1'),
  (4, 'downgrade', 'b2', 'a2')) AS cases (n, direction, heads, target) ORDER BY n; -- the last an error in Alembic
SELECT pg_temp.stamp('b2', 'b1');            -- Alembic forgets a2
SELECT pg_temp.stamp('b2', 'a2'), pg_temp.stamp('b2', 'base');
SELECT range, pg_temp.history('', range) FROM (VALUES (1, ':b2'), (2, 'b1:'), (3, 'a1:')) AS cases (n, range) ORDER BY n;
-- What is current need not be a head, and heads need not be current.
SELECT pg_temp.at('b2');
SELECT revision FROM pgmig_current();
SELECT revision FROM pgmig_heads();
SELECT revision FROM pgmig_heads(true);
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 a2:a1 b1 b2:b1^a2 b3:b2 a3:a2^b1');
SELECT pg_temp.plan('a3 b2', 'downgrade', 'b1');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 a2:a1 b1 b2:b1^a2 a3:a2');
SELECT pg_temp.plan('b2', 'upgrade', 'a1@+1'), pg_temp.plan('a3 b2', 'downgrade', 'b1');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 a2:a1 a3:a2 b1 b2:b1^a3 b3:b2 b4:b3^a3');
SELECT pg_temp.plan('b4', 'downgrade', 'b3');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 a2 a3 am:a1,a2,a3 b1 b2 bm:b1,b2 c1 c2 c3 cm:c1,c2,c3 d1^a3,b2,c1');
SELECT pg_temp.plan('am bm cm d1', 'downgrade', 'b2');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 b1^a1 bm:a1,b1');
SELECT pg_temp.plan('bm', 'downgrade', 'a1');
ROLLBACK;
-- A branch on which others depend counts from where it stands.
BEGIN;
SELECT pg_temp.load('y1#y x1#x y2:y1^x1 x2:x1');
SELECT pg_temp.plan('y2', 'downgrade', 'x@-1');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a b:a c1:b#left d1:c1 c2:b#right d2:c2^c1');
SELECT pg_temp.plan('d1 d2', 'downgrade', 'left@b');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1#lib b1:a1 c1:b1#clib a2 b2:a2 c2:b2^clib d1:c1');
SELECT pg_temp.plan('a2', 'upgrade', 'c2');
ROLLBACK;

-- Links that others imply: Alembic fails, or leaves a state that it refuses.
BEGIN;
SELECT pg_temp.load('x1 x2:x1 y1 y2:y1^x1,x2');
SELECT pg_temp.plan('', 'upgrade', 'heads');
SELECT pgmig_upgrade('heads');
ROLLBACK;
BEGIN;
SELECT pg_temp.load('a1 a2:a1 a3:a2^a1 z');
SELECT pg_temp.at('a3 z');
SELECT pgmig_downgrade('a2');
SELECT revision FROM pgmig_current();
SELECT pgmig_upgrade('heads');
ROLLBACK;

DROP EXTENSION pgmig;
