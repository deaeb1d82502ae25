-- Statements that forbid a transaction block, and those that commit
CREATE EXTENSION pgmig;
CREATE SCHEMA "S; ü";
SET search_path = "S; ü", public;

SELECT * FROM pgmig_import($doc$
-- tables
-- Revision ID: t1
-- pgmig: upgrade
CREATE TABLE "P;" (a int NOT NULL, b text) PARTITION BY RANGE (a);
CREATE TABLE "p'1" PARTITION OF "P;" FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF "P;" FOR VALUES FROM (10) TO (20);
INSERT INTO "P;" SELECT g, 'ü' || g FROM generate_series(1, 19) g;
-- pgmig: downgrade
DROP TABLE "P;", "p'1", p2;
-- indexes
-- Revision ID: indexes
-- Revises: t1
-- pgmig: upgrade no-transaction
CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "p'1" (a) WHERE b <> ';';
CREATE INDEX CONCURRENTLY IF NOT EXISTS i2 ON p2 (lower(b), a);
CREATE INDEX CONCURRENTLY IF NOT EXISTS i2 ON p2 (a);
CREATE INDEX CONCURRENTLY ON p2 USING hash (b);
create /* concurrently */ index CONCURRENTLY "concurrently" on p2 (b);
CREATE INDEX "in a transaction" ON "P;" (a);
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "I;1";
DROP INDEX CONCURRENTLY IF EXISTS "no; such";
DROP INDEX "S; ü"."in a transaction";
DROP INDEX "concurrently";
-- rebuilt
-- Revision ID: reindex
-- Revises: indexes
-- pgmig: upgrade no-transaction
REINDEX INDEX CONCURRENTLY "I;1";
REINDEX (CONCURRENTLY) TABLE "P;";
REINDEX TABLE "P;";
REINDEX SCHEMA CONCURRENTLY "S; ü";
REINDEX SCHEMA "S; ü";
REINDEX INDEX "in a transaction";
REINDEX INDEX "I;1";
-- pgmig: downgrade
-- vacuum and cluster
-- Revision ID: vacuum
-- Revises: reindex
-- pgmig: upgrade no-transaction
VACUUM;
VACUUM (ANALYZE, FREEZE) "P;", p2 (b);
VACUUM FULL "p'1";
ANALYZE "P;";
CLUSTER "P;" USING "in a transaction";
CLUSTER p2 USING i2;
CLUSTER;
-- pgmig: downgrade
-- detached
-- Revision ID: detach
-- Revises: vacuum
-- pgmig: upgrade no-transaction
ALTER TABLE "P;" DETACH PARTITION "p'1" CONCURRENTLY;
INSERT INTO "p'1" VALUES (0);
-- pgmig: downgrade no-transaction
DELETE FROM "p'1" WHERE a = 0;
ALTER TABLE "P;" ATTACH PARTITION "p'1" FOR VALUES FROM (0) TO (10);
-- The server
-- Revision ID: server
-- Revises: detach
-- pgmig: upgrade no-transaction
ALTER SYSTEM SET default_statistics_target = 101;
CREATE DATABASE "regression ""pgmig""; ü" TEMPLATE template0;
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE "regress_pgmig; ü" LOCATION '';
ALTER DATABASE "regression ""pgmig""; ü" SET TABLESPACE "regress_pgmig; ü";
SET client_min_messages = error;
CREATE SUBSCRIPTION "regress_pgmig; ü" CONNECTION 'dbname=none' PUBLICATION p WITH (connect = false, slot_name = NONE);
-- pgmig: downgrade no-transaction
DROP SUBSCRIPTION "regress_pgmig; ü";
DROP DATABASE "regression ""pgmig""; ü";
DROP TABLESPACE "regress_pgmig; ü";
ALTER SYSTEM RESET default_statistics_target;
-- Blocks and procedures that commit
-- Revision ID: commits
-- Revises: server
-- pgmig: upgrade no-transaction
CREATE TABLE batch (n int, xid xid8 DEFAULT pg_current_xact_id());
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        INSERT INTO batch VALUES (i);
        COMMIT;
    END LOOP;
    INSERT INTO batch VALUES (4);
END
$$;
CREATE PROCEDURE "fill; it"(INOUT n int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN n..n + 1 LOOP
        INSERT INTO batch VALUES (i);
        COMMIT;
    END LOOP;
    n := 100;
END
$$;
CALL "fill; it"(5);
INSERT INTO batch VALUES (7);
-- pgmig: downgrade
DROP PROCEDURE "fill; it";
DROP TABLE batch;
-- A new value
-- Revision ID: value
-- Revises: commits
-- pgmig: upgrade no-transaction
CREATE TYPE "Mood;" AS ENUM ('gut');
ALTER TYPE "Mood;" ADD VALUE 'größer';
CREATE TABLE mood AS SELECT 'größer'::"Mood;" AS m;
-- pgmig: downgrade
DROP TABLE mood;
DROP TYPE "Mood;";
$doc$);

CALL pgmig_upgrade_stepwise('indexes');
CREATE VIEW indexes AS
    SELECT c.relname, indisvalid AND indisready AS valid, indisunique AS uniq
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE c.relnamespace = '"S; ü"'::regnamespace ORDER BY c.relname COLLATE "C";
TABLE indexes;
CALL pgmig_upgrade_stepwise('reindex');
TABLE indexes;
CALL pgmig_upgrade_stepwise('vacuum');
SELECT relname, relpages > 0 AS pages, reltuples FROM pg_class WHERE relname IN ('p''1', 'p2') ORDER BY relname;
CALL pgmig_upgrade_stepwise('detach');
SELECT relname, relispartition FROM pg_class WHERE relname IN ('p''1', 'p2') ORDER BY relname;
CALL pgmig_upgrade_stepwise('server');
SELECT setting FROM pg_file_settings WHERE name = 'default_statistics_target' AND sourcefile ~ 'auto.conf';
SELECT datname, spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname ~ '^regression "pgmig';
SELECT subname FROM pg_subscription WHERE subname ~ '^regress_pgmig';
SHOW client_min_messages;
CALL pgmig_upgrade_stepwise('commits');
SELECT n, dense_rank() OVER (ORDER BY xid) AS transaction FROM batch ORDER BY n;
CALL pgmig_upgrade_stepwise();
TABLE mood;
SELECT revision, statements_done AS done, statements_total AS total, rows, outcome
    FROM pgmig.run_step ORDER BY run, step;

CALL pgmig_downgrade_stepwise('t1');
SELECT setting FROM pg_file_settings WHERE name = 'default_statistics_target' AND sourcefile ~ 'auto.conf';
SELECT datname FROM pg_database WHERE datname ~ '^regression "pgmig';
TABLE indexes;
SELECT relname, relispartition FROM pg_class WHERE relname IN ('p''1', 'p2') ORDER BY relname;
SELECT count(*) FROM pgmig.unfinished;
SELECT revision, statements_done AS done, statements_total AS total, outcome
    FROM pgmig.run_step WHERE direction = 'downgrade' ORDER BY run, step;
CALL pgmig_downgrade_stepwise('base');

-- Without CONCURRENTLY what can run in a transaction does
SET pgmig."concurrently" = off;
SELECT * FROM pgmig_import($doc$
-- in a transaction
-- Revision ID: off
-- Revises: t1
-- pgmig: upgrade no-transaction
ANALYZE p2;
CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "p'1" ((a / 2));
VACUUM "P;";
ALTER TABLE "P;" DETACH PARTITION "p'1" CONCURRENTLY;
REINDEX INDEX CONCURRENTLY "I;1";
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "I;1";
$doc$);
CALL pgmig_upgrade_stepwise('off');
SELECT count(*) FROM indexes;
DELETE FROM "p'1" WHERE a % 2 = 0;
CALL pgmig_upgrade_stepwise('off');
TABLE indexes;
CALL pgmig_downgrade_stepwise('base');
RESET pgmig."concurrently";

-- A transaction that is needed, or that is too long
SELECT * FROM pgmig_import($doc$
-- commits
-- Revision ID: x1
-- pgmig: upgrade
DO $$BEGIN COMMIT; END$$;
-- uses a new value
-- Revision ID: x2
-- pgmig: upgrade
ALTER TYPE "Mood;" ADD VALUE 'größer';
CREATE TABLE mood AS SELECT 'größer'::"Mood;" AS m;
$doc$);
CREATE TYPE "Mood;" AS ENUM ('gut');
CALL pgmig_upgrade_stepwise('x1');
CALL pgmig_upgrade_stepwise('x2');

DROP EXTENSION pgmig;
DROP SCHEMA "S; ü" CASCADE;
