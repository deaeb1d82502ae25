-- What is gone, or there, without having been the doing of the statement
CREATE EXTENSION pgmig;
CREATE SCHEMA "S; ü";
SET search_path = "S; ü", public;
CREATE VIEW indexes AS
    SELECT c.relnamespace::regnamespace AS schema, c.relname, indisvalid AS valid
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE c.relnamespace::regnamespace::text ~ 'S[;2]' ORDER BY 1, c.relname COLLATE "C";
CREATE VIEW half_done AS
    SELECT revision, cardinality(done) AS done, started FROM pgmig.unfinished;

SELECT * FROM pgmig_import($doc$
-- drops
-- Revision ID: it's"gone
-- pgmig: upgrade no-transaction
DROP INDEX CONCURRENTLY "no; such";
-- commits
-- Revision ID: commits
-- pgmig: upgrade no-transaction
COMMIT PREPARED 'never; "was"';
-- rolls back
-- Revision ID: rolls_back
-- pgmig: upgrade no-transaction
ROLLBACK PREPARED 'it''s none';
-- detaches
-- Revision ID: detaches
-- pgmig: upgrade no-transaction
ALTER TABLE "P; ü" DETACH PARTITION "p'1" CONCURRENTLY;
-- makes
-- Revision ID: makes
-- pgmig: upgrade no-transaction
CREATE UNIQUE INDEX CONCURRENTLY "I'1" ON "T; ü" (a);
-- all of it
-- Revision ID: all
-- pgmig: upgrade no-transaction
SELECT 'first';
COMMIT PREPARED 'never; "was"';
DROP INDEX CONCURRENTLY "no; such";
$doc$);
CREATE TABLE "P; ü" (a int) PARTITION BY RANGE (a);
CREATE TABLE "p'1" (a int);
CREATE TABLE "T; ü" AS SELECT 1 AS a;

-- In a new run it is an error
CALL pgmig_upgrade_stepwise('it''s"gone');
TABLE half_done;
SELECT pgmig_upgrade('detaches');
SELECT pgmig_resolve('it''s"gone', 'forget');
CALL pgmig_upgrade_stepwise('commits');
SELECT pgmig_resolve('commits', 'forget');
CALL pgmig_upgrade_stepwise('rolls_back');
SELECT pgmig_resolve('rolls_back', 'forget');
CALL pgmig_upgrade_stepwise('detaches');
SELECT pgmig_resolve('detaches', 'forget');
SELECT revision FROM pgmig_current();
-- Nor is an index taken for ours, or dropped
CREATE UNIQUE INDEX "I'1" ON "T; ü" (a);
CALL pgmig_upgrade_stepwise('makes');
SELECT pgmig_resolve('makes', 'forget');
DROP INDEX "I'1";
INSERT INTO "T; ü" VALUES (1);
CREATE UNIQUE INDEX CONCURRENTLY "I'1" ON "T; ü" (a);
CALL pgmig_upgrade_stepwise('makes');
TABLE indexes;
SELECT pgmig_resolve('makes', 'forget');
SELECT FROM pgmig_edit('makes', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I''1" ON "T; ü" (a)');
CALL pgmig_upgrade_stepwise('makes');
TABLE half_done;
TABLE indexes;
DROP TABLE "T; ü";

-- After an error it is the same error, however often
CALL pgmig_upgrade_stepwise('all');
CALL pgmig_upgrade_stepwise('all');
TABLE half_done;
-- After an interruption there is nothing left to do; the next one is new
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise('all');
TABLE half_done;
CALL pgmig_upgrade_stepwise('all');
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise('all');
TABLE half_done;
SELECT run, outcome, statements_done AS done, statement, message FROM pgmig.run_step WHERE revision = 'all' ORDER BY run;
-- The first statement can have been interrupted, too
CALL pgmig_upgrade_stepwise('rolls_back');
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise('rolls_back');
CALL pgmig_upgrade_stepwise('detaches');
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise('detaches');
-- "run again" makes it an error again
CALL pgmig_upgrade_stepwise('it''s"gone');
UPDATE pgmig.unfinished SET started = true;
SELECT pgmig_resolve('it''s"gone', 'run again');
TABLE half_done;
CALL pgmig_upgrade_stepwise('it''s"gone');
SELECT pgmig_resolve('it''s"gone', 'done');
CALL pgmig_upgrade_stepwise('it''s"gone');
SELECT revision FROM pgmig_current();

-- REINDEX SCHEMA: transient indexes of that schema only
CREATE SCHEMA "S2";
CREATE TABLE other AS SELECT 1 AS a UNION ALL SELECT 1;
CREATE UNIQUE INDEX CONCURRENTLY "mine; ü_ccnew" ON other (a);
CREATE TABLE "S2".other AS TABLE other;
CREATE UNIQUE INDEX CONCURRENTLY "theirs_ccold1" ON "S2".other (a);
SELECT * FROM pgmig_import($doc$
-- rebuilds
-- Revision ID: rebuilds
-- pgmig: upgrade no-transaction
SELECT 'first';
REINDEX SCHEMA CONCURRENTLY "S3;";
$doc$);
CALL pgmig_upgrade_stepwise('rebuilds');
CREATE SCHEMA "S3;";
CALL pgmig_upgrade_stepwise('rebuilds');
TABLE indexes;
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('rebuilds', 'SELECT ''first''; REINDEX SCHEMA CONCURRENTLY "S2"; SELECT 3');
ALTER SCHEMA "S2" RENAME TO "S4";
CALL pgmig_upgrade_stepwise('rebuilds');
ALTER SCHEMA "S4" RENAME TO "S2";
DELETE FROM "S2".other;
CALL pgmig_upgrade_stepwise('rebuilds');
TABLE indexes;

-- An index without a name on a table whose name looks like a definition
CREATE SCHEMA "S2 ON a USING hash";
SELECT * FROM pgmig_import($doc$
-- unnamed
-- Revision ID: unnamed
-- pgmig: upgrade no-transaction
SELECT 'first';
CREATE UNIQUE INDEX CONCURRENTLY ON "S2 ON a USING hash"."T USING btree (a)" (a);
$doc$);
CREATE TABLE "S2 ON a USING hash"."T USING btree (a)" AS SELECT 1 AS a UNION ALL SELECT 1;
CALL pgmig_upgrade_stepwise('unnamed');
CREATE INDEX ON "S2 ON a USING hash"."T USING btree (a)" (a);
DELETE FROM "S2 ON a USING hash"."T USING btree (a)";
CALL pgmig_upgrade_stepwise('unnamed');
SELECT * FROM indexes WHERE schema::text ~ 'USING';

DROP VIEW half_done;
DROP EXTENSION pgmig;
SET client_min_messages = warning;
DROP SCHEMA "S; ü", "S2", "S3;", "S2 ON a USING hash" CASCADE;
