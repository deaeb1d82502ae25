-- Scripts that psql runs: they leave what the functions leave
CREATE EXTENSION pgmig;
\getenv abs_builddir PG_ABS_BUILDDIR
\set script :abs_builddir '/results/script_run.sql.out'
\setenv PGMIG_SCRIPT :script
\setenv PGDATABASE :DBNAME

SELECT * FROM pgmig_import($doc$
-- Create "it"
-- Revision ID: it's;1
-- pgmig: upgrade
CREATE TABLE "it's" (a int PRIMARY KEY DEFERRABLE, b text);
INSERT INTO "it's" VALUES (1, 'semi; colon'), (2, '-- no comment');
-- pgmig: downgrade
DROP TABLE "it's";
-- Text that psql might take for something else
-- Revision ID: psql
-- Revises: it's;1
-- pgmig: upgrade
INSERT INTO "it's" VALUES (3, ':DBNAME :''USER'' \d $1 \\'), (4, E'\\echo \'no\''), (5, $$:DBNAME
\quit
$$);
INSERT INTO "it's" SELECT cardinality((ARRAY[1, 2, 3])[2:3]) + 4, 'ü'::text -- no semicolon, \q
-- pgmig: downgrade
DELETE FROM "it's" WHERE a > 2 -- no semicolon
-- Nothing
-- Revision ID: nothing
-- Revises: psql
-- pgmig: upgrade
-- only a comment
-- pgmig: downgrade
-- A function
-- Revision ID: function
-- Revises: nothing
-- pgmig: upgrade
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $pgmig$BEGIN RETURN 1; END$pgmig$
-- pgmig: downgrade
DROP FUNCTION f(); DROP FUNCTION g();
-- Outside of a transaction
-- Revision ID: outside
-- Revises: function
-- pgmig: upgrade no-transaction
CREATE INDEX CONCURRENTLY "i;" ON "it's" (b);
VACUUM "it's"
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "i;"
-- After that
-- Revision ID: after
-- Revises: outside
-- pgmig: upgrade
ALTER TABLE "it's" ADD COLUMN c int;
-- pgmig: downgrade
ALTER TABLE "it's" DROP COLUMN c;
$doc$);
CREATE VIEW state AS
    SELECT r.operation, r.target, r.scope, r.tag, r.role, r.application <> '' AS application,
        r.outcome AS run, r.ended_at >= r.started_at AS ended, s.step, s.revision,
        s.direction, s.statements_done AS done, s.statements_total AS total, s.outcome
    FROM pgmig.run r LEFT JOIN pgmig.run_step s USING (run);

-- Up to where a transaction is possible: by the function, then by a script
SELECT FROM pgmig_upgrade('function');
SELECT * FROM "it's" ORDER BY a;
CREATE TABLE by_function AS SELECT *, '' AS by FROM "it's";
SELECT FROM pgmig_downgrade('base');
CREATE TABLE state_by_function AS SELECT * FROM state;
DELETE FROM pgmig.run;
SELECT pgmig_upgrade_sql('function') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
(TABLE "it's" EXCEPT SELECT a, b FROM by_function) UNION ALL (SELECT a, b FROM by_function EXCEPT TABLE "it's");
SELECT revision, checksum = upgrade_checksum AS checksum
    FROM pgmig.applied JOIN pgmig.revision USING (revision) ORDER BY applied_at;
SELECT * FROM pgmig_upgrade('function');
-- A second time it is refused, and so is one whose start is elsewhere
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT pgmig_upgrade_sql('nothing:function') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT pgmig_downgrade_sql('base') AS text \gset
\o :script
\qecho :text
\o
-- psql -1 makes no difference
\! psql -X -q -1 < "$PGMIG_SCRIPT" 2>&1
SELECT to_regclass('"it''s"'), count(*) FROM pgmig.applied;
(TABLE state EXCEPT TABLE state_by_function) UNION ALL (TABLE state_by_function EXCEPT TABLE state);

-- A script that starts elsewhere, and one made before a revision was changed
SELECT pgmig_upgrade_sql('nothing:function') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT to_regproc('f'), count(*) FROM pgmig.applied;
SELECT pgmig_upgrade_sql('base:it''s;1') AS text \gset
\o :script
\qecho :text
\o
SELECT FROM pgmig_edit('it''s;1', 'SELECT 1');
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT to_regclass('"it''s"'), count(*) FROM pgmig.applied;
SELECT FROM pgmig_edit('it''s;1', 'CREATE TABLE "it''s" (a int PRIMARY KEY, b text);');

-- Everything, with what runs outside of a transaction
SELECT pgmig_upgrade_sql('head') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT revision, is_head FROM pgmig_current();
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = '"it''s"'::regclass ORDER BY 1;
SELECT pgmig_downgrade_sql('head:function') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT revision, is_head FROM pgmig_current();
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = '"it''s"'::regclass ORDER BY 1;
-- With pgmig.concurrently off as one transaction
SELECT FROM pgmig_edit('outside', 'CREATE INDEX CONCURRENTLY "i;" ON "it''s" (b)');
SET pgmig."concurrently" = off;
SELECT pgmig_upgrade_sql('head') AS text \gset
RESET pgmig."concurrently";
\o :script
\qecho :text
\o
\! grep -c -e CONCURRENTLY -e COMMIT "$PGMIG_SCRIPT"
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT revision, is_head FROM pgmig_current();

-- An error in a body leaves nothing
SELECT FROM pgmig_stamp('outside');
SELECT FROM pgmig_edit('after', E'ALTER TABLE "it''s" ADD COLUMN d int;\nSELECT nothing;');
SELECT pgmig_upgrade_sql('head') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT revision FROM pgmig_current();

-- Stamps
SELECT pgmig_stamp_sql('it''s;1') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT revision FROM pgmig_current();
SELECT pgmig_stamp_sql('function') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
SELECT revision FROM pgmig_current();
\! psql -X -q < "$PGMIG_SCRIPT" 2>&1
\! psql -X -q -c 'SELECT pgmig_upgrade()' 2>&1

DROP VIEW state;
DROP EXTENSION pgmig;
DROP TABLE "it's", by_function, state_by_function;
DROP FUNCTION f(), g();
