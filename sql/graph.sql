-- The graph as text, for Graphviz and for Mermaid.  In databases of its own:
-- the picture depends on the encoding and on everything that is loaded.
\set home :DBNAME
CREATE DATABASE pgmig_graph_utf8 TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER libc;
CREATE DATABASE pgmig_graph_latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc;
\c pgmig_graph_utf8
SET client_encoding = 'UTF8';
CREATE EXTENSION pgmig;
\pset format unaligned
\pset tuples_only on

-- A document from 'id|parents|depends on|labels|message'.
CREATE FUNCTION document(VARIADIC revisions text[]) RETURNS text
LANGUAGE sql AS $$
  SELECT string_agg(format(E'-- %5$s\n--\n-- Revision ID: %1$s\n-- Revises: %2$s\n-- Depends On: %3$s\n'
                           '-- Branch Labels: %4$s\n\n-- pgmig: upgrade\n\n-- pgmig: downgrade\n',
                           VARIADIC string_to_array(r, '|')), E'\n' ORDER BY n)
  FROM unnest(revisions) WITH ORDINALITY AS u (r, n)
$$;

-- Nothing to draw.
SELECT pgmig_graph();
SELECT pgmig_graph('dot');
SELECT pgmig_graph('mermaid');

-- Two bases, branches, merges of two and four, two merges that cross, a head
-- on the side, dependencies; applied in part, and whole.
BEGIN;
SELECT count(*) FROM pgmig_import(document(
  'start|||core|Base schema',
  'users|start|||Users',
  'orders|users|||Orders, with everything that belongs to them: lines, taxes, discounts, shipments and returns',
  'mail|start|||Mail',
  'mail_log|mail|||Log of what was mailed',
  'a1|orders|||Left',
  'b1|orders|||Right',
  'a2|a1, b1|||Left, with what is right',
  'b2|b1, a1|||Right, with what is left',
  'c1|orders|||Short way',
  'all|a2, b2, c1, mail_log|||Four at once',
  'stats|||reports, figures|Statistics, apart from the rest',
  'stats2|stats|orders, mail||Statistics of orders and mail',
  'late|users|||Never merged',
  'last|all, stats2|||All of it'));
SELECT count(*) FROM pgmig_stamp(ARRAY['a2', 'mail_log', 'stats2']);
SELECT pgmig_graph('text');
SELECT count(*) FROM pgmig_stamp('heads');
SELECT pgmig_graph('text') LIMIT 3;

-- Characters for clients that cannot show the others.
SET client_encoding = 'LATIN1';
SELECT pgmig_graph('text') LIMIT 12;
SET client_encoding = 'UTF8';
ROLLBACK;

-- All formats, with names that mean something there; several histories.
BEGIN;
SELECT count(*) FROM pgmig_import(document(
  'a"b|||"quoted", ''single''|Say "hello" &amp; <b>go</b>',
  E'back\\slash\\|a"b|||A \\N is no name, #35; no entity',
  E'[x];{y}|a"b||%%label|1. %%{init: {}}%% `code` __x__',
  E'end|[x];{y}, back\\slash\\|||"',
  E'größe_中||[x];{y}, a"b||Größe: 中文, with a\ttab, cut by what it takes: 宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽',
  repeat('long', 30) || '||||An id is never cut, a message is left out'));
SELECT count(*) FROM pgmig_stamp(ARRAY[E'back\\slash\\', 'größe_中']);
SELECT pgmig_graph('text');
SELECT pgmig_graph('dot');
SELECT pgmig_graph('mermaid');
ROLLBACK;

-- Not a format; and too many lines side by side.
SELECT pgmig_graph('svg');
SELECT count(*) FROM pgmig_import((
  SELECT document(VARIADIC array_agg(format('w%s||||-', n) ORDER BY n)
                           || ('wide|' || string_agg('w' || n, ', ') || '|||-'))
  FROM generate_series(1, 501) AS n));
SELECT pgmig_graph('text');
SELECT count(*) FROM pgmig_graph('dot') AS line WHERE line LIKE '% -> "wide";';

-- Another encoding.
SELECT document('grün|||label|Grün', 'red|grün|||Red', 'blue|grün|||Blue') AS document \gset
\c pgmig_graph_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION pgmig;
SELECT count(*) FROM pgmig_import(:'document');
SELECT pgmig_graph('text');
\c :home
DROP DATABASE pgmig_graph_utf8;
DROP DATABASE pgmig_graph_latin1;
