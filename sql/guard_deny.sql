-- The guard refuses DDL from outside of runs, before it begins.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pgmig;
CREATE ROLE pgmig_denied;
CREATE SCHEMA "Deny;";
SET search_path = "Deny;", public;
CREATE TABLE "P" (id int CONSTRAINT pk PRIMARY KEY, n text);
CREATE VIEW v AS SELECT * FROM "P";
CREATE TYPE e AS ENUM ('a');
CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0);
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SEQUENCE s;
CREATE STATISTICS st ON id, n FROM "P";
CREATE TEMP TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, n text);
SELECT pgmig_guard('deny');

\set VERBOSITY default
CREATE TABLE refused ();
\echo :LAST_ERROR_SQLSTATE
DROP OWNED BY pgmig_denied;
\set VERBOSITY terse

CREATE TABLE IF NOT EXISTS "P" ();
CREATE UNLOGGED TABLE refused AS SELECT 1;
SELECT 1 INTO refused;
PREPARE p AS SELECT 1 AS one;
CREATE TABLE refused AS EXECUTE p;
CREATE SCHEMA refused CREATE TABLE refused ();
CREATE VIEW refused AS SELECT * FROM "P";
CREATE MATERIALIZED VIEW refused AS SELECT 1;
CREATE TYPE refused AS ENUM ();
CREATE TYPE refused AS (a int);
CREATE TYPE refused AS RANGE (subtype = int);
CREATE DOMAIN refused AS int;
CREATE FUNCTION refused() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE refused(int) (sfunc = int4pl, stype = int);
CREATE SEQUENCE refused;
CREATE STATISTICS refused ON id, n FROM "P";
CREATE INDEX CONCURRENTLY ON "P" (n);
CREATE TRIGGER refused BEFORE UPDATE ON "P" FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE refused AS ON INSERT TO "P" DO NOTHING;
CREATE POLICY refused ON "P";
CREATE CAST (text AS e) WITH INOUT;
CREATE PUBLICATION refused FOR TABLE "P";
CREATE SUBSCRIPTION refused CONNECTION '' PUBLICATION p WITH (connect = false);
CREATE FOREIGN DATA WRAPPER refused;
CREATE EXTENSION plpgsql;
IMPORT FOREIGN SCHEMA a FROM SERVER b INTO "Deny;";
ALTER TABLE "P" ADD x int;
ALTER TABLE IF EXISTS "P" RENAME n TO m;
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default;
ALTER TYPE e ADD VALUE 'b';
ALTER TYPE e RENAME TO refused;
ALTER TYPE e OWNER TO pgmig_denied;
ALTER DOMAIN d DROP CONSTRAINT c;
ALTER DOMAIN d RENAME CONSTRAINT c TO refused;
ALTER DOMAIN d SET SCHEMA public;
ALTER FUNCTION f(int) STABLE;
ALTER SEQUENCE s RESTART;
ALTER STATISTICS st SET STATISTICS 5;
ALTER SCHEMA "Deny;" RENAME TO refused;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pgmig_denied;
ALTER EXTENSION pgmig DROP FUNCTION pgmig_version();
COMMENT ON TABLE "P" IS 'refused';
COMMENT ON COLUMN "P".n IS 'refused';
COMMENT ON CONSTRAINT pk ON "P" IS 'refused';
COMMENT ON CONSTRAINT c ON DOMAIN d IS 'refused';
COMMENT ON SCHEMA "Deny;" IS 'refused';
SECURITY LABEL ON TABLE "P" IS 'refused';
GRANT SELECT ON t, "P" TO pgmig_denied;
GRANT SELECT (id) ON "P" TO pgmig_denied;
REVOKE EXECUTE ON FUNCTION f(int) FROM public;
GRANT USAGE ON TYPE e TO pgmig_denied;
GRANT USAGE ON SCHEMA "Deny;" TO pgmig_denied;
GRANT SELECT ON ALL TABLES IN SCHEMA "Deny;" TO pgmig_denied;
DROP TABLE t, "P";
DROP INDEX CONCURRENTLY pk;
DROP FUNCTION IF EXISTS f(int), nothing();
DROP TYPE e;
DROP SCHEMA "Deny;" CASCADE;
DROP EXTENSION pgmig;
DO $$ BEGIN CREATE TABLE refused (); END $$;

-- Of what does not exist, nothing happens.
DROP TABLE IF EXISTS nothing;
ALTER TABLE IF EXISTS nothing ADD x int;
DROP TABLE nothing;
CREATE INDEX CONCURRENTLY ON nothing (n);
DROP INDEX CONCURRENTLY IF EXISTS nothing;
ALTER TABLE IF EXISTS nothing DETACH PARTITION p CONCURRENTLY;

-- Nothing is left, no invalid index either.
SELECT count(*) FROM pg_index WHERE indrelid = '"P"'::regclass;
SELECT count(*) FROM pgmig_guard_log();

-- Temporary objects pass, unless something else goes with them.
CREATE TEMP TABLE t2 (id serial PRIMARY KEY, n text UNIQUE, CHECK (id > 0));
CREATE TABLE pg_temp.t3 (id int REFERENCES t2);
SELECT 1 AS one INTO TEMP t4;
CREATE INDEX CONCURRENTLY t_n ON t (n);
DROP INDEX CONCURRENTLY t_n;
CREATE TEMP VIEW tv AS SELECT * FROM "P";
CREATE VIEW tw AS WITH a AS (SELECT * FROM "P" WHERE id IN (SELECT id FROM t)) SELECT * FROM a;
CREATE TEMP SEQUENCE ts;
ALTER TABLE t ADD x int DEFAULT 1;
ALTER TABLE t ALTER x DROP DEFAULT;
ALTER TABLE t RENAME x TO y;
ALTER SEQUENCE ts RESTART;
CREATE TRIGGER tt BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
COMMENT ON TRIGGER tt ON t IS 'passes';
DROP TRIGGER tt ON t;
CREATE RULE tr AS ON INSERT TO t DO NOTHING;
DROP RULE tr ON t;
CREATE POLICY tp ON t;
ALTER POLICY tp ON t TO public;
DROP POLICY tp ON t;
COMMENT ON COLUMN t.n IS 'passes';
COMMENT ON CONSTRAINT t_pkey ON t IS 'passes';
GRANT SELECT, UPDATE (n) ON t, t2 TO pgmig_denied;
CREATE TYPE pg_temp.te AS ENUM ('a');
ALTER TYPE pg_temp.te ADD VALUE 'b';
CREATE DOMAIN pg_temp.td AS int CONSTRAINT c CHECK (VALUE > 0);
COMMENT ON CONSTRAINT c ON DOMAIN pg_temp.td IS 'passes';
CREATE FUNCTION pg_temp.tf() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION pg_temp.tf() STABLE;
GRANT EXECUTE ON FUNCTION pg_temp.tf() TO pgmig_denied;
DROP FUNCTION pg_temp.tf();
CREATE STATISTICS pg_temp.tx ON id, n FROM t;
ALTER STATISTICS pg_temp.tx SET STATISTICS 5;
DROP STATISTICS pg_temp.tx;
CREATE STATISTICS refused ON id, n FROM t;
SELECT pgmig_guard('off');
CREATE FUNCTION takes(t) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT pgmig_guard('deny');
DROP TABLE t CASCADE;
SELECT count(*) FROM t;
DROP TABLE t2, t3, t4;
SET search_path = pg_temp, "Deny;", public;
CREATE TABLE first_in_path ();
RESET search_path;

-- Maintenance passes, and so does what the server does not tell.
REINDEX TABLE "Deny;"."P";
TRUNCATE "Deny;"."P";
ANALYZE "Deny;"."P";
ALTER ROLE pgmig_denied SET work_mem = '1MB';
SELECT pgmig_guard('off');
CREATE FUNCTION "Deny;".makes() RETURNS int LANGUAGE plpgsql SET search_path = "Deny;" AS 'BEGIN CREATE TABLE refused (); RETURN 1; END';
CREATE MATERIALIZED VIEW "Deny;".m AS SELECT "Deny;".makes() AS one WITH NO DATA;
SELECT pgmig_guard('deny');
REFRESH MATERIALIZED VIEW "Deny;".m;

-- Runs pass, the extension's own functions and its update, too.
SELECT pgmig_revision('m', 'one', upgrade => 'CREATE TABLE by_run (); DO $$ BEGIN EXECUTE ''CREATE TABLE by_do ()''; END $$',
    downgrade => 'DROP TABLE by_do, by_run') IS NOT NULL AS made;
SELECT pgmig_upgrade('one');
SELECT pgmig_downgrade('base');
SELECT pgmig_revision('m', 'two', upgrade => 'CREATE TABLE by_step (a int); INSERT INTO by_step VALUES (1), (1); CREATE UNIQUE INDEX CONCURRENTLY ON by_step (a)',
    transactional => false, downgrade => 'DROP TABLE by_step') IS NOT NULL AS made;
CALL pgmig_upgrade_stepwise('two');
DELETE FROM by_step;
CALL pgmig_upgrade_stepwise('two');
CALL pgmig_downgrade_stepwise('base');
CREATE TABLE refused ();
SELECT pgmig_grant('pgmig_denied', 'administrator');
SELECT pgmig_revoke('pgmig_denied');
ALTER EXTENSION pgmig UPDATE;

SELECT pgmig_guard('off');
DROP EXTENSION pgmig;
SET client_min_messages = error;
DROP SCHEMA "Deny;" CASCADE;
DROP OWNED BY pgmig_denied;
DROP ROLE pgmig_denied;
