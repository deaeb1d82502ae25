-- Rows of all kinds of tables are compared before and after.
\set main :DBNAME
CREATE DATABASE pgmig_verify_contents TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c pgmig_verify_contents
SET client_min_messages = warning;
CREATE EXTENSION pgmig;
\pset null ''

CREATE SCHEMA "Sch.ema; ö";
CREATE TABLE "Sch.ema; ö"."T'a ""b"" ü" ("C.o l" int, "İ" text, "select" text);
INSERT INTO "Sch.ema; ö"."T'a ""b"" ü" VALUES (1, 'a', NULL), (2, 'b', '');
CREATE TABLE gen (id int GENERATED ALWAYS AS IDENTITY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO gen (a) VALUES (1), (2);
CREATE TABLE part (a int, b text) PARTITION BY LIST (a);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part2 PARTITION OF part FOR VALUES IN (2, NULL);
INSERT INTO part VALUES (1, 'x'), (2, 'y'), (NULL, 'z');
CREATE TABLE up (a int);
CREATE TABLE down (b int) INHERITS (up);
INSERT INTO up VALUES (1);
INSERT INTO down VALUES (1, 2);
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE empty (a int);
CREATE TABLE emptied (a int);
INSERT INTO emptied VALUES (1);
DELETE FROM emptied;
CREATE TABLE dropped (a int, b int, c int);
INSERT INTO dropped VALUES (1, 2, 3);
ALTER TABLE dropped DROP b;
CREATE UNLOGGED TABLE unlogged (a int);
INSERT INTO unlogged VALUES (1);
CREATE TABLE secret (a int);
INSERT INTO secret VALUES (1), (2);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE TYPE pair AS (a int, b text);
CREATE TABLE types (j json, x point, p pair, a int[], f float8, n numeric, t timestamptz, i interval, b bytea);
INSERT INTO types VALUES ('{"a":  1}', '(1,1)', (1, 'x'), '{1,NULL}', 0.1, 1.0, '2020-01-01 00:00:00.000001+00', '1 mon', '\x00');
CREATE TABLE swapped (a int, b int);
INSERT INTO swapped VALUES (1, 1), (2, 2), (NULL, NULL);

SELECT count(*) FROM pgmig_import($$
-- r
-- Revision ID: r
-- pgmig: upgrade
-- pgmig: downgrade
$$);

-- What one statement of a downgrade does to rows.
CREATE FUNCTION fault(statement text, OUT "check" text, OUT outcome text, OUT kind text, OUT identity text, OUT property text, OUT expected text, OUT found text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pgmig_edit('r', downgrade => statement);
    RETURN QUERY SELECT v."check", v.outcome, v.kind, v.identity, v.property, replace(v.expected, quote_ident(current_user), 'me'), replace(v.found, quote_ident(current_user), 'me') FROM pgmig_verify() v
        WHERE v."check" <> 'upgrade' AND (v."check" = 'downgrade' OR v.outcome = 'failed');
END $$;

SELECT * FROM fault('');
SELECT * FROM fault($$UPDATE "Sch.ema; ö"."T'a ""b"" ü" SET "select" = '' WHERE "select" IS NULL$$);
SELECT * FROM fault($$UPDATE "Sch.ema; ö"."T'a ""b"" ü" SET "İ" = 'B' WHERE "İ" = 'b'$$);
SELECT * FROM fault($$UPDATE gen SET a = 3 WHERE a = 2$$);
SELECT * FROM fault($$UPDATE gen SET id = DEFAULT$$);
SELECT * FROM fault($$DELETE FROM part WHERE a IS NULL$$);
SELECT * FROM fault($$UPDATE part SET a = 2 WHERE a = 1$$);
SELECT * FROM fault($$DELETE FROM ONLY up$$);
SELECT * FROM fault($$UPDATE up SET a = 5$$);
SELECT * FROM fault($$INSERT INTO nothing DEFAULT VALUES$$);
SELECT * FROM fault($$INSERT INTO empty VALUES (NULL); INSERT INTO emptied VALUES (1)$$);
SELECT * FROM fault($$UPDATE dropped SET a = 3, c = 1$$);
SELECT * FROM fault($$TRUNCATE unlogged$$);
SELECT * FROM fault($$UPDATE secret SET a = 3 WHERE a = 2$$);
SELECT * FROM fault($$UPDATE types SET j = '{"a": 1}', x = '(1,2)', p = (1, 'y'), a = '{1}', n = 1$$);
SELECT * FROM fault($$UPDATE types SET b = '', i = '30 days'$$);
SELECT * FROM fault($$UPDATE swapped SET b = 3 - b$$);

-- Order does not count, nor does what is written as it was.
SELECT * FROM fault($$UPDATE swapped SET a = a WHERE a = 1; ANALYZE swapped; UPDATE types SET t = t, j = j$$);

-- However the session shows values.
SET extra_float_digits = -10;
SET IntervalStyle = sql_standard;
SET DateStyle = 'German, DMY';
SELECT * FROM fault($$UPDATE types SET f = 0.1000000000000001$$);
SELECT * FROM fault($$UPDATE types SET t = '2020-01-01 00:00:00.000002+00'$$);
RESET extra_float_digits;
RESET IntervalStyle;
RESET DateStyle;

-- Columns that swap names, or are renamed, or get another type.
SELECT * FROM fault($$ALTER TABLE swapped RENAME a TO c; ALTER TABLE swapped RENAME b TO a; ALTER TABLE swapped RENAME c TO b$$);
SELECT * FROM fault($$ALTER TABLE dropped RENAME a TO b$$);
SELECT * FROM fault($$ALTER TABLE dropped ALTER a TYPE text$$);
SELECT * FROM fault($$ALTER TABLE dropped ALTER a TYPE int USING a + 1$$);
SELECT * FROM fault($$ALTER TABLE nothing RENAME TO anything$$);

-- A rewritten table is the same.
SELECT * FROM fault($$ALTER TABLE swapped SET UNLOGGED; ALTER TABLE swapped SET LOGGED; CLUSTER swapped USING missing$$);
SELECT * FROM fault($$ALTER TABLE swapped SET UNLOGGED; ALTER TABLE swapped SET LOGGED$$);
SELECT count(*) FROM "Sch.ema; ö"."T'a ""b"" ü";

-- As many columns as there can be.
DO $$
BEGIN
    EXECUTE format('CREATE TABLE wide (%s)', (SELECT string_agg(format('c%s int', i), ', ') FROM generate_series(1, 1600) i));
END $$;
INSERT INTO wide (c1, c800, c801, c1600) VALUES (1, 2, 3, 4), (5, 6, 7, 8);
SELECT * FROM fault($$UPDATE wide SET c800 = 7, c801 = NULL, c1600 = 4$$);

\c :main
DROP DATABASE pgmig_verify_contents;
