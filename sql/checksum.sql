-- The checksum of a body: over its tokens, and over nothing else.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgmig CASCADE;
CREATE EXTENSION pgmig;
RESET client_min_messages;
SET client_encoding = 'UTF8';
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION checksum(body text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade no-transaction\n' || body);
  RETURN (SELECT upgrade_checksum FROM pgmig_show('a'));
END $$;
-- What it has to be: each token as it is written, and a zero byte
CREATE FUNCTION expected(VARIADIC tokens text[]) RETURNS text LANGUAGE sql AS $$
  SELECT encode(sha256(coalesce(string_agg(convert_to(t, 'UTF8') || '\x00', '' ORDER BY n), '')), 'hex')
  FROM unnest(tokens) WITH ORDINALITY AS u (t, n)
$$;

-- Stored values: these must never change
SELECT checksum(''), checksum(';');
SELECT checksum('ALTER TABLE "Ä""" ADD c text DEFAULT ''ö''''x'', ADD d int;');

-- The same
SELECT replace(body, E'\r', '\r'), checksum(body) = expected('create', 'table', 't', '(', 'a', 'int', ')')
FROM unnest(ARRAY[
  'create table t(a int)', 'CREATE TABLE T (A INT);', E'create\ttable\r\nt\f(\na\rint\n)\n;', ' ; ;create table t(a int);;; ',
  E'-- before\ncreate /* in /* it */ */table t( -- a\r\na int --\r)--', E'create table t(a int);\n-- pgmigs'
]) AS body;
SELECT checksum('SELECT 1;;SELECT 2') = checksum('; SELECT 1 ;/**/; SELECT 2 ;'),
       checksum('SELECT 1;;SELECT 2') = expected('select', '1', ';', 'select', '2');
SELECT checksum('CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2;);')
     = expected('create', 'rule', 'r', 'as', 'on', 'insert', 'to', 't', 'do', '(', 'select', '1', ';', 'select', '2', ';', ')');
-- ... a literal in several pieces is one literal
SELECT checksum(E'SELECT ''it''''s''\n ''one''') = expected('select', '''it''''sone'''),
       checksum(E'SELECT ''it''''s'' -- comment''s\r\n\r\n''one''') = expected('select', '''it''''sone''');

-- Taken as they are written: quoted names, literals of all kinds, numbers, operators
SELECT checksum($x$SELECT "A b""", 'It''s', E'\'\x41', B'01', X'1f', U&'\0441', U&"d\0061t", N'x', $q$ $$ B
$q$, 1.5E3, a.B <> -.5::INT$x$)
     = expected('select', '"A b"""', ',', '''It''''s''', ',', 'E''\''\x41''', ',', 'B''01''', ',', 'X''1f''', ',',
                'U&''\0441''', ',', 'U&"d\0061t"', ',', 'n', '''x''', ',', E'$q$ $$ B\n$q$', ',', '1.5E3', ',',
                'a', '.', 'b', '<>', '-', '.5', '::', 'int');
SELECT checksum('SELECT -1, a+-b, c - -d') = expected('select', '-', '1', ',', 'a', '+', '-', 'b', ',', 'c', '-', '-', 'd');
SELECT checksum('SELECT ÄÖ') = expected('select', 'ÄÖ');
-- Lines that would structure a document, within literals
SELECT checksum(E'SELECT ''\n-- pgmig: upgrade\n''\n''\n-- Revision ID: x''')
     = expected('select', E'''\n-- pgmig: upgrade\n\n-- Revision ID: x''');

-- Different
SELECT replace(a, E'\r', '\r') AS a, b, checksum(a) = checksum(b) AS same FROM (VALUES
  ('SELECT ab', 'SELECT a b'), ('SELECT 1; SELECT 2', 'SELECT 1'), ('SELECT ''A''', 'SELECT ''a'''),
  ('SELECT "A"', 'SELECT "a"'), ('SELECT "a"', 'SELECT a'), ('SELECT ''a''', 'SELECT $$a$$'), ('SELECT E''a''', 'SELECT ''a'''),
  (E'SELECT ''a\r\nb''', E'SELECT ''a\nb'''), ('SELECT ''a  b''', 'SELECT ''a b'''), ('SELECT $$--a$$', 'SELECT $$--b$$'),
  ('SELECT ''a'', ''b''', E'SELECT ''a''\n''b''')
) AS v (a, b);

-- Settings of the session do not matter
SELECT checksum('SELECT ''\'', ''x''') AS before \gset
-- (19 does not have these)
DO $$BEGIN IF current_setting('server_version_num')::int < 190000 THEN SET standard_conforming_strings = off; SET escape_string_warning = off; END IF; END$$;
SET backslash_quote = on;
SELECT checksum($$SELECT '\', 'x'$$) = :'before';
RESET standard_conforming_strings;

-- To reformat, comment or re-encode the line ends of an applied revision is no change
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\nCREATE TABLE checksum_test (a int);\n');
SELECT pgmig_upgrade('head');
SELECT count(*) FROM pgmig_import(E'-- M\r\n-- Revision ID: a\r\n-- pgmig: upgrade\r\n/* why */\r\ncreate table CHECKSUM_TEST (\r\n  a int -- what\r\n)\r\n');
\set VERBOSITY sqlstate
SELECT pgmig_import(E'-- M\n-- Revision ID: a\n-- pgmig: upgrade\nCREATE TABLE checksum_test (a int8);\n');
\set VERBOSITY default

DROP TABLE checksum_test;
DROP FUNCTION checksum;
DROP FUNCTION expected;
DROP EXTENSION pgmig;
