-- Scripts: what a body does to the session does not reach the next one
CREATE EXTENSION pgmig;
\getenv abs_builddir PG_ABS_BUILDDIR
\set script :abs_builddir '/results/script_session.sql.out'
\setenv PGMIG_SCRIPT :script
\setenv PGDATABASE :DBNAME
CREATE ROLE regress_pgmig_script;
GRANT CREATE ON SCHEMA public TO regress_pgmig_script;
CREATE SCHEMA "Tenant; 'a'";
CREATE TABLE seen (n serial, what text);
GRANT ALL ON seen, seen_n_seq TO PUBLIC;
CREATE FUNCTION look() RETURNS text LANGUAGE sql AS
    $$SELECT format('%s/%s path=%s work_mem=%s datestyle=%s lock_timeout=%s statement_timeout=%s',
                    session_user = current_user, current_user = 'regress_pgmig_script',
                    current_setting('search_path'), current_setting('work_mem'),
                    current_setting('datestyle'), current_setting('lock_timeout'),
                    current_setting('statement_timeout'))$$;

SELECT * FROM pgmig_import($doc$
-- settings
-- Revision ID: m1
-- pgmig: upgrade
SET work_mem = '1MB';
SET LOCAL datestyle = 'German';
SET lock_timeout = '77s';
INSERT INTO public.seen (what) VALUES (public.look());
-- roles
-- Revision ID: m2
-- Revises: m1
-- pgmig: upgrade
INSERT INTO public.seen (what) VALUES (public.look());
SET ROLE regress_pgmig_script;
CREATE TABLE public.owned (a int);
INSERT INTO public.seen (what) VALUES (public.look());
SET search_path = pg_catalog;
-- session authorization
-- Revision ID: m3
-- Revises: m2
-- pgmig: upgrade
INSERT INTO public.seen (what) VALUES (public.look());
SET SESSION AUTHORIZATION regress_pgmig_script;
INSERT INTO public.seen (what) VALUES (public.look());
-- left behind
-- Revision ID: m4
-- Revises: m3
-- pgmig: upgrade
INSERT INTO public.seen (what) VALUES (public.look());
CREATE TEMP TABLE seen (a int);
PREPARE p AS SELECT 1;
DECLARE "C; ü" CURSOR FOR SELECT 1;
CREATE TABLE public.deferred (a int PRIMARY KEY, b int REFERENCES public.deferred DEFERRABLE INITIALLY DEFERRED);
INSERT INTO public.deferred VALUES (1, 2), (2, 1);
-- not there any more
-- Revision ID: m5
-- Revises: m4
-- pgmig: upgrade
ALTER TABLE public.deferred ADD COLUMN c int;
CREATE TEMP TABLE seen (a int);
PREPARE p AS SELECT 1;
DECLARE "C; ü" CURSOR FOR SELECT 1;
CREATE TABLE here (a int);
INSERT INTO public.seen (what) VALUES (public.look());
$doc$);

\set reset 'SELECT FROM pgmig_stamp(''base''); DROP TABLE owned, deferred, here; TRUNCATE seen RESTART IDENTITY;'
SELECT FROM pgmig_upgrade();
CREATE TABLE seen_by_function AS TABLE seen;
:reset
SELECT pgmig_upgrade_sql('head') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q -A -t < "$PGMIG_SCRIPT" 2>&1
(TABLE seen EXCEPT TABLE seen_by_function) UNION ALL (TABLE seen_by_function EXCEPT TABLE seen);
TABLE seen ORDER BY n;
SELECT relname, relowner::regrole FROM pg_class WHERE relname = 'owned';
:reset

-- In a scope, with timeouts
SET pgmig.scope = 'Tenant; ''a''';
SET pgmig.lock_timeout = 0;
SET pgmig.statement_timeout = '1h';
SELECT pgmig_upgrade_sql('head') AS text \gset
\o :script
\qecho :text
\o
\! psql -X -q -A -t < "$PGMIG_SCRIPT" 2>&1
SELECT revision FROM pgmig_current();
SELECT n, what FROM seen ORDER BY n;
SELECT to_regclass('"Tenant; ''a''".here');

RESET ALL;
DROP EXTENSION pgmig;
DROP TABLE owned, deferred, seen, seen_by_function;
DROP SCHEMA "Tenant; 'a'" CASCADE;
DROP FUNCTION look();
DROP OWNED BY regress_pgmig_script;
DROP ROLE regress_pgmig_script;
