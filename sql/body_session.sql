-- What a body changes in the session does not reach the next one
CREATE EXTENSION pgmig;
CREATE ROLE "regress_pgmig ""own"";";
CREATE ROLE regress_pgmig_other;
GRANT CREATE ON SCHEMA public TO "regress_pgmig ""own"";", regress_pgmig_other;
CREATE FUNCTION look() RETURNS text LANGUAGE sql SET search_path = pg_catalog AS
    $$SELECT format('%s/%s work_mem=%s datestyle=%s lc=%s custom=%s lock_timeout=%s',
                    substring(session_user FROM '^regress_pgmig.*'), substring(current_user FROM '^regress_pgmig.*'), current_setting('work_mem'),
                    current_setting('datestyle'), current_setting('extra_float_digits'),
                    current_setting('my.custom', true), current_setting('lock_timeout'))$$;
CREATE TABLE seen (n serial, what text, path text DEFAULT current_setting('search_path'));
GRANT ALL ON seen, seen_n_seq TO PUBLIC;

SELECT * FROM pgmig_import($doc$
-- settings
-- Revision ID: m1
-- pgmig: upgrade
SET work_mem = '1MB';
SET LOCAL datestyle = 'German';
SET lock_timeout = '77s';
SET my.custom = 'it''s';
SELECT pg_catalog.set_config('extra_float_digits', '-5', false);
INSERT INTO seen (what) VALUES (look());
DO $$BEGIN IF current_setting('server_version_num')::int < 190000 THEN SET standard_conforming_strings = off; END IF; END$$;
SET check_function_bodies = off;
SET client_min_messages = error;
SET row_security = off;
SET default_transaction_read_only = on;
SET TRANSACTION READ ONLY;
-- roles
-- Revision ID: m2
-- Revises: m1
-- pgmig: upgrade
INSERT INTO seen (what) VALUES (look());
SET ROLE "regress_pgmig ""own"";";
CREATE TABLE owned (a int);
INSERT INTO seen (what) VALUES (look());
-- session authorization
-- Revision ID: m3
-- Revises: m2
-- pgmig: upgrade
INSERT INTO seen (what) VALUES (look());
SET SESSION AUTHORIZATION regress_pgmig_other;
INSERT INTO seen (what) VALUES (look());
-- search_path
-- Revision ID: m4
-- Revises: m3
-- pgmig: upgrade
CREATE SCHEMA hostile;
CREATE TABLE hostile.applied (a int);
CREATE FUNCTION hostile.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE 'hijacked'; END$$;
CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'hijacked'; END$$;
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq);
SET search_path = hostile, pg_catalog;
-- reset
-- Revision ID: m5
-- Revises: m4
-- pgmig: upgrade
INSERT INTO seen (what) VALUES (look());
RESET ALL;
RESET ROLE;
RESET SESSION AUTHORIZATION;
INSERT INTO public.seen (what) VALUES (public.look());
DISCARD PLANS;
DEALLOCATE ALL;
CLOSE ALL;
$doc$);

SELECT * FROM pgmig_upgrade();
SELECT n, what, path FROM seen ORDER BY n;
SELECT look();
SHOW search_path;
SHOW standard_conforming_strings;
SHOW transaction_read_only;
SELECT relname, relowner::regrole FROM pg_class WHERE relname = 'owned';

-- The same for a caller with settings and a role of its own
SELECT * FROM pgmig_stamp('base');
TRUNCATE seen RESTART IDENTITY;
SELECT pgmig_grant('regress_pgmig_other', 'runner');
DROP TABLE owned;
DROP SCHEMA hostile CASCADE;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_pgmig_other;
GRANT "regress_pgmig ""own"";" TO regress_pgmig_other;
SET work_mem = '2MB';
SET my.custom = 'mine';
SET lock_timeout = '3s';
SET search_path = public, "no ""such""";
SET ROLE regress_pgmig_other;
SELECT * FROM pgmig_upgrade();
SELECT n, what, path FROM seen ORDER BY n;
SELECT look();
SHOW search_path;
RESET ROLE;
SELECT role, outcome FROM pgmig.run ORDER BY run DESC LIMIT 1;

-- After an error, caught or not, nothing is left either
SELECT * FROM pgmig_import($doc$
-- fails
-- Revision ID: m6
-- Revises: m5
-- pgmig: upgrade
SET work_mem = '1MB';
SET ROLE "regress_pgmig ""own"";";
SET search_path = hostile;
SET client_min_messages = error;
SELECT 1/0;
$doc$);
SELECT pgmig_upgrade();
SELECT look();
DO $$
BEGIN
    PERFORM public.pgmig_upgrade();
EXCEPTION WHEN division_by_zero THEN
    RAISE NOTICE '% %', look(), current_setting('search_path');
END
$$;
BEGIN;
SAVEPOINT s;
SELECT pgmig_upgrade();
ROLLBACK TO s;
SELECT look();
SHOW search_path;
COMMIT;

RESET ALL;
DROP EXTENSION pgmig;
DROP SCHEMA hostile CASCADE;
DROP TABLE owned, seen;
DROP FUNCTION look();
REVOKE ALL ON DATABASE :"DBNAME" FROM regress_pgmig_other;
DROP OWNED BY "regress_pgmig ""own"";", regress_pgmig_other;
DROP ROLE "regress_pgmig ""own"";", regress_pgmig_other;
