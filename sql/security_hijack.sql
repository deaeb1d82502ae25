-- No internal query finds an object of a user's in place of one of ours.
--
-- The attacker owns a schema that comes first on everybody's search_path, and
-- everything in it says as whom it runs.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
CREATE ROLE "Hijäcker;";
SELECT pgmig_grant('Hijäcker;', 'runner'), pgmig_grant('Hijäcker;', 'author');
CREATE SCHEMA "Evil; ""s""" AUTHORIZATION "Hijäcker;";
GRANT CREATE ON DATABASE :"DBNAME" TO "Hijäcker;";

SET ROLE "Hijäcker;";
SET search_path = "Evil; ""s""", pg_catalog, public;
CREATE FUNCTION spring() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'trap sprung as %', current_user;
END $$;
-- functions
DO $do$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid, p.proname, pg_get_function_identity_arguments(p.oid) AS args, pg_get_function_result(p.oid) AS result
             FROM pg_catalog.pg_proc p
             WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset
               AND p.provariadic = 0 AND p.proargmodes IS NULL
               AND p.proname IN ('now', 'clock_timestamp', 'make_interval', 'nextval', 'currval', 'set_config', 'current_setting',
                                 'octet_length', 'inet_client_addr', 'starts_with', 'textregexne', 'texteq')
    LOOP
        EXECUTE pg_catalog.format('CREATE FUNCTION %I(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN NULL; END $$',
                                  f.proname, f.args, f.result);
    END LOOP;
END $do$;
CREATE FUNCTION format(text, name, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN 'x'; END $$;
CREATE FUNCTION unnest(text[], int[], text[]) RETURNS SETOF record LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); END $$;
CREATE AGGREGATE count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '99');
CREATE AGGREGATE max(bigint) (SFUNC = int8larger, STYPE = int8, INITCOND = '99');
-- operators
CREATE FUNCTION trap(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN true; END $$;
CREATE FUNCTION trap(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN true; END $$;
CREATE FUNCTION trap(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN true; END $$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = trap);
CREATE OPERATOR <> (LEFTARG = text, RIGHTARG = text, FUNCTION = trap);
CREATE OPERATOR ^@ (LEFTARG = text, RIGHTARG = text, FUNCTION = trap);
CREATE OPERATOR = (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap);
CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = trap);
CREATE OPERATOR || (LEFTARG = text, RIGHTARG = text, FUNCTION = trap);
-- types
CREATE DOMAIN text AS pg_catalog.int4;
CREATE DOMAIN timestamptz AS pg_catalog.int4;
CREATE DOMAIN bigint AS pg_catalog.int4;
-- relations, there and as temporary ones, and schemas with likely names
CREATE TABLE revision (revision pg_catalog.text, has_children bool, load_order int);
CREATE TABLE applied (scope pg_catalog.text, revision pg_catalog.text);
CREATE TEMP TABLE revision (revision pg_catalog.text, has_children bool, load_order int);
CREATE TEMP TABLE revision_parent (revision pg_catalog.text);
CREATE TEMP TABLE applied (scope pg_catalog.text, revision pg_catalog.text);
CREATE TEMP TABLE run (run int);
CREATE TEMP VIEW branch_label AS SELECT 1 AS label FROM spring();
CREATE TEMP TABLE new_rows (revision pg_catalog.text);
CREATE TEMP TABLE pg_constraint (oid oid);
CREATE TEMP TABLE pg_namespace (oid oid);
CREATE SCHEMA pgmig_catalog;
CREATE TABLE pgmig_catalog.revision (revision pg_catalog.text);
-- settings
SET row_security = off;
SET transform_null_equals = on;
DO $$BEGIN IF pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.<) 190000 THEN SET standard_conforming_strings = off; SET escape_string_warning = off; END IF; END$$;
SET array_nulls = off;
SET quote_all_identifiers = on;
SET "DateStyle" = 'SQL, DMY';
SET "TimeZone" = 'Asia/Kathmandu';
SET "IntervalStyle" = sql_standard;
SET default_transaction_isolation = 'repeatable read';

SELECT * FROM public.pgmig_import($$
-- one
--
-- Revision ID: one
-- Create Date: 2025-12-28 10:00:00+00
-- Branch Labels: läbel

-- pgmig: upgrade
CREATE TABLE public.made (id int PRIMARY KEY, parent int REFERENCES public.made DEFERRABLE INITIALLY DEFERRED);
INSERT INTO public.made VALUES (1, 1);
-- pgmig: downgrade
DROP TABLE public.made;

-- two
--
-- Revision ID: two
-- Revises: one
-- Depends On: other

-- pgmig: upgrade
INSERT INTO public.made VALUES (2, 1);
-- pgmig: downgrade
DELETE FROM public.made WHERE id OPERATOR(pg_catalog.=) 2;

-- other
--
-- Revision ID: other

-- pgmig: upgrade
SELECT 'a\\'::pg_catalog.text;
-- pgmig: downgrade
$$);
RESET ROLE;
GRANT CREATE ON SCHEMA public TO "Hijäcker;";
SET ROLE "Hijäcker;";
SELECT public.pgmig_upgrade('läb');
SELECT public.pgmig_upgrade('heads');
SELECT revision, is_head FROM public.pgmig_current();
SELECT revision, labels, is_current FROM public.pgmig_history();
SELECT revision, children, created_at IS NULL AS undated FROM public.pgmig_show('one');
SELECT run, operation, revision, outcome FROM public.pgmig_log();
SELECT current, applied, pending FROM public.pgmig_status();
SELECT * FROM public.pgmig_plan('base', 'downgrade');
SELECT pg_catalog.count(*) FROM public.pgmig_graph('dot');
SELECT pg_catalog.length(public.pgmig_upgrade_sql('base:heads')) OPERATOR(pg_catalog.>) 0 AS script;
SELECT pg_catalog.starts_with(public.pgmig_export('one'), E'-- one\n--\n-- Revision ID: one\n-- Revises:\n-- Create Date: 2025-12-28 10:00:00+00\n') AS utc;
SELECT public.pgmig_revision('three', 'three', 'two') IS NULL AS revision;
SELECT public.pgmig_edit('three', 'SELECT 3') IS NULL AS edit;
SELECT public.pgmig_remove('three') IS NULL AS remove;
SELECT public.pgmig_stamp('one');
SELECT public.pgmig_stamp('two');
SELECT public.pgmig_downgrade('base');
RESET ROLE;
SELECT public.pgmig_grant('Hijäcker;', 'reader');

RESET ALL;
SET client_min_messages = error;
DROP EXTENSION pgmig;
DROP OWNED BY "Hijäcker;" CASCADE;
DROP ROLE "Hijäcker;";
