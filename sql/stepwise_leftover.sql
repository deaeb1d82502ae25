-- What a top-level command left that did not finish
CREATE EXTENSION pgmig;
CREATE SCHEMA "S; ü";
SET search_path = "S; ü", public;
CREATE VIEW indexes AS
    SELECT c.relname, indisvalid AND indisready AS valid, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE c.relnamespace = '"S; ü"'::regnamespace ORDER BY c.relname COLLATE "C";
CREATE TABLE "T; ü" (a int, "B" varchar(10));

SELECT * FROM pgmig_import($doc$
-- a unique index
-- Revision ID: unique
-- pgmig: upgrade no-transaction
SELECT 'first';
CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "T; ü" (lower("B") DESC) INCLUDE (a) WHERE a > 0;
-- pgmig: downgrade
DROP INDEX "I;1";
-- without a name
-- Revision ID: un'named
-- Revises: unique
-- pgmig: upgrade no-transaction
SELECT 'first';
CREATE UNIQUE INDEX CONCURRENTLY ON "S; ü"."T; ü" ("B", (a / 10)) WITH (fillfactor = 70);
-- pgmig: downgrade
-- if not exists
-- Revision ID: if_not_exists
-- Revises: un'named
-- pgmig: upgrade no-transaction
SELECT 'first';
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I'3" ON "T; ü" ("B");
-- pgmig: downgrade
-- dropped
-- Revision ID: dropped
-- Revises: if_not_exists
-- pgmig: upgrade no-transaction
SELECT 'first';
DROP INDEX CONCURRENTLY "I'3";
-- pgmig: downgrade
-- rebuilt
-- Revision ID: rebuilt
-- Revises: dropped
-- pgmig: upgrade no-transaction
SELECT 'first';
REINDEX TABLE CONCURRENTLY "T; ü";
REINDEX INDEX CONCURRENTLY "I;1";
-- pgmig: downgrade
-- detached
-- Revision ID: detached
-- Revises: rebuilt
-- pgmig: upgrade no-transaction
SELECT 'first';
ALTER TABLE "P; ü" DETACH PARTITION "p'1" CONCURRENTLY;
-- pgmig: downgrade
$doc$);

-- An index that is not valid is dropped and built again
INSERT INTO "T; ü" VALUES (1, 'Ä'), (2, 'ä');
CALL pgmig_upgrade_stepwise('unique');
TABLE indexes;
SELECT interrupted_statement, interrupted_reason FROM pgmig_status();
CALL pgmig_upgrade_stepwise('unique');
DELETE FROM "T; ü" WHERE a = 1;
CALL pgmig_upgrade_stepwise('unique');
TABLE indexes;
SELECT run, outcome, sqlstate, statements_done AS done FROM pgmig.run_step ORDER BY run;

-- also if CONCURRENTLY is left out then
CALL pgmig_downgrade_stepwise('base');
INSERT INTO "T; ü" VALUES (1, 'Ä');
CALL pgmig_upgrade_stepwise('unique');
SET pgmig."concurrently" = off;
CALL pgmig_upgrade_stepwise('unique');
DELETE FROM "T; ü" WHERE a = 1;
CALL pgmig_upgrade_stepwise('unique');
RESET pgmig."concurrently";
TABLE indexes;

-- If it was made by hand meanwhile it is recognised
CALL pgmig_downgrade_stepwise('base');
INSERT INTO "T; ü" VALUES (1, 'Ä');
CALL pgmig_upgrade_stepwise('unique');
DELETE FROM "T; ü" WHERE a = 1;
DROP INDEX "I;1";
CREATE UNIQUE INDEX "I;1" ON "T; ü" (lower("B") DESC) INCLUDE (a) WHERE (a > 0);
CALL pgmig_upgrade_stepwise('unique');
SELECT revision, statements_done AS done FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
-- unless it is another one, or the error told that nothing was left
CALL pgmig_downgrade_stepwise('base');
CREATE INDEX "I;1" ON "T; ü" (lower("B") DESC) INCLUDE (a) WHERE a > 0;
CALL pgmig_upgrade_stepwise('unique');
SELECT started FROM pgmig.unfinished;
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise('unique');
DROP INDEX "I;1";
CREATE TABLE other AS SELECT 1 AS a UNION ALL SELECT 1;
CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON other (a);
UPDATE pgmig.unfinished SET started = true;
CALL pgmig_upgrade_stepwise('unique');
SELECT relname, valid FROM indexes;
DROP TABLE other;
-- or its table is gone
ALTER TABLE "T; ü" RENAME TO gone;
CALL pgmig_upgrade_stepwise('unique');
ALTER TABLE gone RENAME TO "T; ü";
CALL pgmig_upgrade_stepwise('unique');

-- One without a name is found by what it is like
INSERT INTO "T; ü" VALUES (-11, 'c'), (-12, 'c');
CALL pgmig_upgrade_stepwise('un''named');
CREATE UNIQUE INDEX CONCURRENTLY "not; ours" ON "T; ü" ("B", (a / 10));
TABLE indexes;
DELETE FROM "T; ü" WHERE a = -11;
CALL pgmig_upgrade_stepwise('un''named');
TABLE indexes;
DROP INDEX "not; ours";

-- IF NOT EXISTS does not take one that is not valid
INSERT INTO "T; ü" VALUES (-22, 'c');
CREATE UNIQUE INDEX CONCURRENTLY "I'3" ON "T; ü" ("B");
CALL pgmig_upgrade_stepwise('if_not_exists');
DROP INDEX CONCURRENTLY "S; ü"."I'3";
DELETE FROM "T; ü" WHERE a = -22;
CALL pgmig_upgrade_stepwise('if_not_exists');
SELECT relname, valid FROM indexes;
SELECT FROM pgmig_stamp('un''named');
CALL pgmig_upgrade_stepwise('if_not_exists');

-- An index that could not be dropped, until that was done by hand
ALTER TABLE "T; ü" ADD CONSTRAINT "I'3" UNIQUE USING INDEX "I'3";
CALL pgmig_upgrade_stepwise('dropped');
CALL pgmig_upgrade_stepwise('dropped');
ALTER TABLE "T; ü" DROP CONSTRAINT "I'3";
CALL pgmig_upgrade_stepwise('dropped');

-- Transient indexes of a REINDEX that failed, those of its table
CREATE FUNCTION check_it(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('my.fail', true) = 'on' THEN
        RAISE 'it fails; ü';
    END IF;
    RETURN 1;
END
$$;
CREATE INDEX "C;1" ON "T; ü" (check_it(a));
CREATE TABLE other AS SELECT 1 AS a UNION ALL SELECT 1;
CREATE UNIQUE INDEX CONCURRENTLY other_ccnew ON other (a);
SET my.fail = on;
CALL pgmig_upgrade_stepwise('rebuilt');
SELECT relname, valid FROM indexes;
RESET my.fail;
CALL pgmig_upgrade_stepwise('rebuilt');
SELECT relname, valid FROM indexes;

-- A partition whose detaching is pending
CREATE TABLE "P; ü" (a int) PARTITION BY RANGE (a);
CREATE TABLE "p'1" PARTITION OF "P; ü" FOR VALUES FROM (0) TO (10);
UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '"p''1"'::regclass;
CALL pgmig_upgrade_stepwise();
CALL pgmig_upgrade_stepwise();
SELECT relispartition FROM pg_class WHERE oid = '"p''1"'::regclass;
-- One that was detached by hand meanwhile
ALTER TABLE "P; ü" ATTACH PARTITION "p'1" FOR VALUES FROM (0) TO (10);
SELECT FROM pgmig_stamp('rebuilt');
UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '"p''1"'::regclass;
CALL pgmig_upgrade_stepwise();
ALTER TABLE "P; ü" DETACH PARTITION "p'1" FINALIZE;
CALL pgmig_upgrade_stepwise();

DROP EXTENSION pgmig;
DROP SCHEMA "S; ü" CASCADE;
