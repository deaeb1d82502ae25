-- Revisions are rehearsed up, down and up again.
\set main :DBNAME
CREATE DATABASE pgmig_verify TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c pgmig_verify
SET client_min_messages = warning;
CREATE EXTENSION pgmig;
RESET client_min_messages;
\pset null ''

-- A revision; a section that begins with a word has it as its mark.
CREATE FUNCTION doc(id text, parents text, up text, down text) RETURNS text LANGUAGE sql AS $$
SELECT action FROM pgmig_import(concat('-- ', id, E'\n-- Revision ID: ', id, E'\n-- Revises: ', parents, E'\n-- pgmig: upgrade ', up, E'\n-- pgmig: downgrade ' || down, E'\n'))
$$;

-- The result, whoever runs the test.
CREATE FUNCTION verify(target text DEFAULT 'heads', direction text DEFAULT 'upgrade', OUT revision text, OUT "check" text, OUT outcome text, OUT kind text, OUT identity text, OUT property text, OUT expected text, OUT found text, OUT message text) RETURNS SETOF record LANGUAGE sql AS $$
SELECT revision, "check", outcome, kind, identity, property, expected, replace(found, quote_ident(current_user), 'me'), message FROM pgmig_verify(target, false, direction)
$$;

-- Nothing is loaded, nothing is pending.
SELECT * FROM pgmig_verify();

-- Sound ones; what is drawn from sequences is the same the second time.
SELECT doc('a', '', $$
CREATE TABLE t (id serial PRIMARY KEY, v text DEFAULT 'x');
COMMENT ON COLUMN t.v IS 'value';
INSERT INTO t (v) VALUES ('one');$$, $$
DROP TABLE t;$$);
SELECT doc('b', 'a', $$
INSERT INTO t (v) VALUES ('two'), ('three');$$, $$
DELETE FROM t WHERE v IN ('two', 'three');$$);
-- In the place of an index that is built concurrently.
SELECT doc('c', 'b', $$no-transaction
CREATE INDEX CONCURRENTLY ti ON t (v);$$, $$no-transaction
DROP INDEX CONCURRENTLY ti;$$);
-- The column comes back at another place, and is told by name.
SELECT doc('d', 'c', $$
CREATE TABLE o (a int, b int);
INSERT INTO o (b) VALUES (1);$$, $$
DROP TABLE o;$$);
SELECT doc('e', 'd', $$
ALTER TABLE o DROP a;$$, $$
ALTER TABLE o ADD a int;$$);
SELECT revision, "check", outcome, message FROM verify();
SELECT * FROM verify('base');
SELECT * FROM verify('base', direction => 'downgrade');
SELECT revision, "check", outcome FROM pgmig_verify('+1');
SELECT pgmig_remove('e') <> '';

-- It does not name what one has found at the next.
SELECT doc('d', 'c', $$
ALTER TABLE t ADD w int;
UPDATE t SET w = id;
COMMENT ON TABLE t IS 'new';$$, $$
ALTER TABLE t DROP w;
ALTER TABLE t ALTER v SET DEFAULT 'y';
DROP INDEX ti;
CREATE INDEX ti2 ON t (v);
UPDATE t SET v = 'two' WHERE v = 'one';
DELETE FROM t WHERE v = 'three';$$);
SELECT doc('e', 'd', $$
CREATE TABLE u (id int);
INSERT INTO u VALUES (1), (2);$$, $$
DROP TABLE u;$$);
SELECT * FROM verify() WHERE revision >= 'd';

-- The error of a downgrade, and of an upgrade that finds what is left.
SELECT doc('d', 'c', $$
ALTER TABLE t ADD w int;$$, $$
ALTER TABLE t DROP w;

SELECT 1/0;$$);
SELECT doc('e', 'd', $$
CREATE TABLE u (id int);$$, '');
SELECT * FROM verify() WHERE revision >= 'd';

-- What comes after a revision that fails is not tried.
SELECT doc('d', 'c', $$
SELECT 1;
SELECT 2,
  3/0;$$, '');
SELECT * FROM verify() WHERE revision >= 'd';

-- What cannot be rehearsed is not called ok.
SELECT doc('d', 'c', $$no-transaction
VACUUM t;
CREATE DATABASE d;$$, $$
SELECT 1;$$);
SELECT doc('e', 'd', $$no-transaction
CREATE INDEX ON t (v);
DROP DATABASE d;
CREATE INDEX ON t (missing);$$, '');
SELECT revision, "check", outcome, message FROM pgmig_verify() WHERE revision >= 'd';
SELECT doc('d', 'c', $$no-transaction
DO 'BEGIN COMMIT; END';$$, '');
SELECT revision, "check", outcome, message FROM pgmig_verify() WHERE revision = 'd';
SELECT doc('d', 'c', $$
CREATE TYPE e AS ENUM ('a');
ALTER TABLE t ADD e e DEFAULT 'a';$$, $$
ALTER TABLE t DROP e;
DROP TYPE e;$$);
SELECT doc('e', 'd', '', NULL);
SELECT revision, "check", outcome, message FROM pgmig_verify() WHERE revision >= 'd';
-- Nor is a value of an enum that a later revision uses.
SET pgmig."concurrently" = off;
SELECT pgmig_upgrade('d');
SELECT doc('e', 'd', $$
ALTER TYPE e ADD VALUE 'c';$$, $$
SELECT 1;$$);
SELECT doc('f', 'e', $$
ALTER TABLE t ALTER e SET DEFAULT 'c';$$, $$
ALTER TABLE t ALTER e SET DEFAULT 'a';$$);
SELECT revision, "check", outcome, message FROM pgmig_verify();

-- From above: what is lost, and what is put back wrongly.
SELECT pgmig_remove('f') <> '';
SELECT doc('e', 'd', $$
ALTER TABLE t ADD x int, ADD y int DEFAULT 1;
CREATE TABLE u (id int);$$, $$
ALTER TABLE t DROP x, DROP y;
DROP TABLE u;$$);
SELECT pgmig_upgrade();
UPDATE t SET x = id;
INSERT INTO u VALUES (1), (2);
SELECT * FROM verify('c', direction => 'downgrade');
SELECT pgmig_edit('e', downgrade => 'ALTER TABLE t DROP x, DROP y; DROP TABLE u; DELETE FROM t;') <> '';
SELECT * FROM verify('-1', direction => 'downgrade');
SELECT pgmig_edit('e', downgrade => 'ALTER TABLE t DROP x; DROP TABLE u;') <> '';
SELECT * FROM verify('-1', direction => 'downgrade');
SELECT * FROM verify('c', direction => 'downgrade') WHERE "check" = 'downgrade';
SELECT pgmig_edit('d', downgrade => 'SELECT 1/0;') <> '';
SELECT * FROM verify('c', direction => 'downgrade') WHERE revision = 'd';

-- Nothing of all this is there.
SELECT count(*), max(x) FROM t;
SELECT count(*) FROM u;
SELECT last_value, is_called FROM t_id_seq;
SELECT revision FROM pgmig_current();
SELECT operation, count(*) FROM pgmig.run GROUP BY 1 ORDER BY 1;

\c :main
DROP DATABASE pgmig_verify;
