-- What a body without a transaction changes in the session ends with it
CREATE EXTENSION pgmig;
SELECT current_user AS me \gset
CREATE ROLE "regress_pgmig ""own"";";
CREATE ROLE regress_pgmig_caller;
GRANT CREATE ON SCHEMA public TO "regress_pgmig ""own"";", regress_pgmig_caller;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_pgmig_caller;
GRANT "regress_pgmig ""own"";" TO regress_pgmig_caller;
SELECT pgmig_grant('regress_pgmig_caller', 'runner');
CREATE FUNCTION look() RETURNS text LANGUAGE sql SET search_path = pg_catalog AS
    $$SELECT format('%s/%s work_mem=%s datestyle=%s extra=%s custom=%s lock_timeout=%s',
                    substring(session_user FROM '^regress_pgmig.*'), substring(current_user FROM '^regress_pgmig.*'), current_setting('work_mem'),
                    current_setting('datestyle'), current_setting('extra_float_digits'),
                    current_setting('my.custom', true), current_setting('lock_timeout'))$$;
CREATE TABLE seen (n serial, what text DEFAULT look(), path text DEFAULT current_setting('search_path'));
GRANT ALL ON seen, seen_n_seq TO PUBLIC;
CREATE VIEW left_over AS
    SELECT 'cursor', name FROM pg_cursors WHERE is_holdable UNION ALL
    SELECT 'prepared', name FROM pg_prepared_statements UNION ALL
    SELECT 'temporary', relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() ORDER BY 1, 2;
GRANT SELECT ON left_over TO PUBLIC;

SELECT * FROM pgmig_import($doc$
-- settings
-- Revision ID: m1
-- pgmig: upgrade no-transaction
SET work_mem = '1MB';
SET LOCAL datestyle = 'German';
SET lock_timeout = '77s';
SET my.custom = 'it''s; "ü"';
SELECT pg_catalog.set_config('extra_float_digits', '-5', false);
INSERT INTO seen DEFAULT VALUES;
DO $$BEGIN IF current_setting('server_version_num') < '19' THEN SET standard_conforming_strings = off; END IF; END$$;
SET client_min_messages = error;
SET default_transaction_isolation = serializable;
SET search_path = '';
-- pgmig: downgrade
-- roles
-- Revision ID: m2
-- Revises: m1
-- pgmig: upgrade no-transaction
INSERT INTO seen DEFAULT VALUES;
SET ROLE "regress_pgmig ""own"";";
CREATE TABLE owned (a int);
CREATE INDEX CONCURRENTLY ON owned (a);
DO $$BEGIN INSERT INTO seen DEFAULT VALUES; COMMIT; END$$;
-- pgmig: downgrade
-- search_path
-- Revision ID: m3
-- Revises: m2
-- pgmig: upgrade no-transaction
INSERT INTO seen DEFAULT VALUES;
CREATE SCHEMA "hostile;";
CREATE TABLE "hostile;".unfinished (a int);
CREATE FUNCTION "hostile;".clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE 'hijacked'; END$$;
CREATE FUNCTION "hostile;".eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'hijacked'; END$$;
CREATE OPERATOR "hostile;".= (LEFTARG = text, RIGHTARG = text, FUNCTION = "hostile;".eq);
SET search_path = "hostile;", pg_catalog;
CREATE INDEX CONCURRENTLY i ON unfinished (a);
-- pgmig: downgrade
-- objects
-- Revision ID: m4
-- Revises: m3
-- pgmig: upgrade no-transaction
CREATE TEMPORARY TABLE "t; ü" (a int);
CREATE INDEX CONCURRENTLY ON "t; ü" (a);
PREPARE "p; ü" (int) AS INSERT INTO "t; ü" VALUES ($1);
EXECUTE "p; ü" (1);
DECLARE "c; ü" CURSOR WITH HOLD FOR SELECT a FROM "t; ü";
FETCH "c; ü";
DO $$
DECLARE c refcursor;
BEGIN
    OPEN c FOR SELECT 1;
    COMMIT;
    CREATE TEMPORARY TABLE t2 AS SELECT 2 AS a;
END
$$;
INSERT INTO seen (what) SELECT 'there is ' || string_agg(name, ', ' ORDER BY name) FROM left_over WHERE name !~ '<';
-- pgmig: downgrade
-- reset
-- Revision ID: m5
-- Revises: m4
-- pgmig: upgrade no-transaction
INSERT INTO seen DEFAULT VALUES;
RESET ALL;
RESET ROLE;
RESET SESSION AUTHORIZATION;
INSERT INTO seen DEFAULT VALUES;
DISCARD PLANS;
-- pgmig: downgrade
$doc$);

-- For a superuser without settings
CALL pgmig_upgrade_stepwise();
SELECT n, what, path FROM seen ORDER BY n;
SELECT look();
SHOW search_path;
SHOW standard_conforming_strings;
SHOW transaction_isolation;
SHOW client_min_messages;
TABLE left_over;
SELECT name, source FROM pg_settings WHERE source = 'session' AND name IN ('work_mem', 'datestyle', 'search_path', 'lock_timeout', 'extra_float_digits') ORDER BY name;
SELECT relname, relowner::regrole FROM pg_class WHERE relname = 'owned';

-- For a role with settings of its own and of the session
DROP TABLE owned;
DROP SCHEMA "hostile;" CASCADE;
SELECT FROM pgmig_stamp('base');
TRUNCATE seen RESTART IDENTITY;
ALTER ROLE :"me" IN DATABASE :"DBNAME" SET work_mem = '3MB';
ALTER ROLE :"me" IN DATABASE :"DBNAME" SET my.role = 'of; the "role"';
\c
SET SESSION AUTHORIZATION regress_pgmig_caller;
SET my.custom = 'mine; "ü"';
SET lock_timeout = '3s';
SET search_path = public, "no ""such""";
SET ROLE "regress_pgmig ""own"";";
RESET ROLE;
CREATE TEMPORARY TABLE mine AS SELECT 1 AS a;
PREPARE mine AS SELECT 1;
DECLARE mine CURSOR WITH HOLD FOR SELECT 1;
CALL pgmig_upgrade_stepwise();
SELECT n, what, path FROM seen ORDER BY n;
SELECT look();
TABLE left_over;
SELECT name, setting, source FROM pg_settings
    WHERE name IN ('work_mem', 'search_path', 'lock_timeout', 'datestyle') ORDER BY name;
-- The settings of the session can be reset, those of the role are there
RESET search_path;
RESET lock_timeout;
RESET my.custom;
SET work_mem = '9MB';
RESET work_mem;
SELECT look();
SHOW search_path;
SHOW my.role;
RESET SESSION AUTHORIZATION;
ALTER ROLE :"me" IN DATABASE :"DBNAME" RESET work_mem;
ALTER ROLE :"me" IN DATABASE :"DBNAME" RESET my.role;
\c

-- After an error nothing is left either
SELECT * FROM pgmig_import($doc$
-- fails
-- Revision ID: m6
-- Revises: m5
-- pgmig: upgrade no-transaction
SET work_mem = '1MB';
SET my.custom = 'it''s; "ü"';
PREPARE "p; ü" AS SELECT 1;
SET search_path = "hostile;";
LOAD 'plpgsql';
SET SESSION AUTHORIZATION regress_pgmig_caller;
SET ROLE "regress_pgmig ""own"";";
DECLARE "c; ü" CURSOR WITH HOLD FOR SELECT 1;
CREATE TEMPORARY TABLE "t; ü" (a int);
INSERT INTO public.seen DEFAULT VALUES;
DO $$BEGIN SET work_mem = '4MB'; COMMIT; PERFORM 1/0; END$$;
EXECUTE "p; ü";
INSERT INTO public.seen DEFAULT VALUES;
$doc$);
TRUNCATE seen RESTART IDENTITY;
SET work_mem = '2MB';
CALL pgmig_upgrade_stepwise();
SELECT n, what, path FROM seen ORDER BY n;
SELECT look();
SHOW search_path;
TABLE left_over;
-- What was set is set again when the body goes on, but nothing is prepared again
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('m6', (SELECT replace(upgrade, '1/0', '1/1') FROM pgmig_show('m6')));
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('m6', (SELECT replace(upgrade, 'EXECUTE', E'PREPARE "p; ü" AS SELECT 1;\nEXECUTE') FROM pgmig_show('m6')));
CALL pgmig_upgrade_stepwise();
SELECT n, what, path FROM seen ORDER BY n;
SELECT look();
SHOW search_path;
TABLE left_over;

DROP EXTENSION pgmig;
DROP VIEW left_over;
DROP TABLE owned, seen;
DROP SCHEMA "hostile;" CASCADE;
DROP FUNCTION look();
DROP OWNED BY "regress_pgmig ""own"";", regress_pgmig_caller;
DROP ROLE "regress_pgmig ""own"";", regress_pgmig_caller;
