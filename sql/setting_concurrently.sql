-- Sections that do not run in a transaction, and pgmig.concurrently
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- tables
-- Revision ID: k1
-- pgmig: upgrade
CREATE TABLE "T; concurrently" (a int, "CONCURRENTLY" int) PARTITION BY RANGE (a);
CREATE TABLE "concurrently" PARTITION OF "T; concurrently" FOR VALUES FROM (0) TO (10);
CREATE TABLE second PARTITION OF "T; concurrently" FOR VALUES FROM (10) TO (20);
-- pgmig: downgrade
DROP TABLE "T; concurrently";
-- an index
-- Revision ID: k2
-- Revises: k1
-- pgmig: upgrade no-transaction
-- CONCURRENTLY
CREATE INDEX /* concurrently */ CONCURRENTLY "i;concurrently" ON "concurrently" (a) WHERE "CONCURRENTLY" > 0;
CREATE UNIQUE INDEX
    concurrently IF NOT EXISTS second_idx ON second (a); SELECT 'CREATE INDEX CONCURRENTLY';
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "i;concurrently";
DROP INDEX concurrently if exists second_idx;
-- rebuilt
-- Revision ID: k3
-- Revises: k2
-- pgmig: upgrade no-transaction
REINDEX INDEX CONCURRENTLY "i;concurrently";
REINDEX (VERBOSE FALSE, CONCURRENTLY) TABLE second;
REINDEX (CONCURRENTLY TRUE) TABLE "concurrently";
REINDEX (CONCURRENTLY FALSE) TABLE "concurrently";
-- pgmig: downgrade
-- detached
-- Revision ID: k4
-- Revises: k3
-- pgmig: upgrade no-transaction
ALTER TABLE "T; concurrently" DETACH PARTITION "concurrently" CONCURRENTLY;
-- pgmig: downgrade
ALTER TABLE "T; concurrently" ATTACH PARTITION "concurrently" FOR VALUES FROM (0) TO (10);
-- only marked
-- Revision ID: k5
-- Revises: k4
-- pgmig: upgrade no-transaction
INSERT INTO second VALUES (11);
-- pgmig: downgrade no-transaction
DELETE FROM second;
-- forbidden in any transaction
-- Revision ID: k6
-- Revises: k5
-- pgmig: upgrade no-transaction
INSERT INTO second VALUES (12);
  VACUUM second;
-- pgmig: downgrade no-transaction
-- a comment
/* another */ VACUUM (ANALYZE) second;
$doc$);

-- Refused, with the way out, before anything runs
SHOW pgmig."concurrently";
SELECT * FROM pgmig_upgrade();
SELECT * FROM pgmig_upgrade('k2');
SELECT count(*) FROM pgmig.run;
SELECT to_regclass('second');
SELECT * FROM pgmig_upgrade('k1');
SELECT * FROM pgmig_upgrade('k3');
\set VERBOSITY sqlstate
SELECT * FROM pgmig_upgrade('k3');
\set VERBOSITY default

-- Without CONCURRENTLY all of it but VACUUM runs in one transaction
SET pgmig."concurrently" = off;
SELECT * FROM pgmig_upgrade();
BEGIN;
SELECT * FROM pgmig_upgrade('k3');
SELECT indexrelid::regclass, indisvalid FROM pg_index
    WHERE indrelid IN ('"concurrently"'::regclass, 'second'::regclass) ORDER BY 1;
SELECT * FROM pgmig_upgrade('k5');
SELECT relispartition, relname FROM pg_class WHERE relname IN ('concurrently', 'second') ORDER BY relname;
SELECT * FROM second;
SELECT * FROM pgmig_downgrade('k1');
SELECT count(*) FROM pg_index
    WHERE indrelid IN ('"concurrently"'::regclass, 'second'::regclass);
SELECT relispartition, relname FROM pg_class WHERE relname IN ('concurrently', 'second') ORDER BY relname;
SELECT * FROM pgmig_upgrade('k5');
COMMIT;

-- On again: a downgrade is refused as well
RESET pgmig."concurrently";
SELECT * FROM pgmig_downgrade('k4');
SELECT FROM pgmig_stamp('k4');
SELECT * FROM pgmig_downgrade('base');
SELECT revision FROM pgmig_current();
SELECT FROM pgmig_stamp('k6');
SET pgmig."concurrently" = off;
SELECT * FROM pgmig_downgrade('base');
SELECT FROM pgmig_stamp('k5');

-- Errors point into the body all the same
SELECT FROM pgmig_downgrade('k1');
SELECT FROM pgmig_edit('k2', E'-- a comment\nCREATE INDEX CONCURRENTLY i ON second\n  ((nothing || ''''));');
SELECT * FROM pgmig_upgrade('k2');
SELECT FROM pgmig_edit('k2', E'CREATE INDEX CONCURRENTLY second ON second (a);');
SELECT * FROM pgmig_upgrade('k2');

-- The setting is that of the call, whatever a body does to it
SELECT FROM pgmig_edit('k2', E'SET pgmig."concurrently" = on;\nCREATE INDEX CONCURRENTLY "i;concurrently" ON second (a);');
SELECT * FROM pgmig_upgrade('k2');
SHOW pgmig."concurrently";

SELECT * FROM pgmig_downgrade('base');
RESET ALL;
DROP EXTENSION pgmig;
