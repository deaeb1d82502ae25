-- The guard records DDL from outside of runs.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE "pgmig_Guard's; role";
CREATE ROLE pgmig_guarded;
CREATE ROLE pgmig_guard_left;
CREATE SCHEMA "Guard;";
GRANT ALL ON SCHEMA "Guard;" TO pgmig_guarded;
-- A role without superuser installs it, and alone sets it.
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), 'pgmig_Guard''s; role') \gexec
SET ROLE "pgmig_Guard's; role";
CREATE EXTENSION pgmig;
SELECT pgmig_guard();
CREATE SCHEMA not_yet;
SELECT pgmig_guard('log'), pgmig_guard(), pgmig_guard(NULL);
SELECT pgmig_guard('Log');
\set VERBOSITY default
SELECT pgmig_guard('');
\set VERBOSITY terse
ALTER EVENT TRIGGER pgmig_guard_end DISABLE;
SELECT pgmig_grant('pgmig_guarded', 'reader');
SELECT pgmig_grant('pgmig_guarded', 'runner');
SELECT current_user;
RESET ROLE;
SELECT evtname, evtevent, evtenabled FROM pg_event_trigger WHERE evtname LIKE 'pgmig%' ORDER BY 1;
SELECT mode, set_by = session_user AS by_me, set_at < clock_timestamp() AS before FROM pgmig.guard;
CREATE FUNCTION pg_temp.logged(OUT role text, OUT tag text, OUT object_type text, OUT identity text, OUT statement text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT l.role, l.tag, l.object_type, l.identity, left(translate(l.statement, E'\n', ' '), 40)
        FROM pgmig_guard_log() l ORDER BY l.id;
    DELETE FROM pgmig.guard_log;
END $$;
SELECT * FROM pg_temp.logged();

SET ROLE pgmig_guarded;
SET search_path = "Guard;";
SELECT public.pgmig_guard();
SELECT public.pgmig_guard('off');
CREATE TABLE "A"";" (id serial PRIMARY KEY, n int UNIQUE);
ALTER TABLE "A"";" ADD x int, ADD CHECK (x > 0);
CREATE VIEW v AS SELECT * FROM "A"";";
COMMENT ON COLUMN v.x IS 'x';
CREATE INDEX CONCURRENTLY later ON "A"";" (x);
DROP INDEX CONCURRENTLY later;
SELECT current_user;
SHOW search_path;
RESET ROLE;
SET search_path = "Guard;", public;
SELECT DISTINCT session_role = session_user AS session_role, client IS NOT DISTINCT FROM inet_client_addr() AS client, application
FROM pgmig_guard_log();
SELECT id = row_number() OVER (ORDER BY id) AS counted, logged_at >= lag(logged_at) OVER (ORDER BY id) AS in_order
FROM pgmig_guard_log() ORDER BY id DESC LIMIT 1;
SELECT * FROM pg_temp.logged();

-- A statement that has a table dropped, from a function, names what it took.
CREATE FUNCTION ddl(statement text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = "Guard;" AS
    'BEGIN EXECUTE statement; END';
ALTER FUNCTION ddl OWNER TO pgmig_guarded;
SELECT ddl('DROP TABLE "A"";" CASCADE');
DO $$ BEGIN CREATE TABLE d (); CREATE TABLE d (); EXCEPTION WHEN duplicate_table THEN CREATE TABLE e (); END $$;
PREPARE p AS SELECT 1 AS one;
CREATE TABLE f AS EXECUTE p;
SELECT 1 AS one INTO g;
CREATE SCHEMA inner_schema CREATE TABLE t (id int) CREATE VIEW w AS SELECT * FROM t GRANT SELECT ON t TO pgmig_guarded;
DROP SCHEMA inner_schema CASCADE;
CREATE TABLE IF NOT EXISTS g ();
DROP TABLE IF EXISTS nothing;
SELECT * FROM pg_temp.logged();

-- Privileges, which the server does not name
CREATE FUNCTION fn(int) RETURNS int LANGUAGE sql RETURN 1;
CREATE TYPE ty AS ENUM ('a');
CREATE SCHEMA one_table CREATE TABLE t ();
SELECT count(*) FROM pg_temp.logged();
GRANT SELECT ON f, g TO pgmig_guarded;
GRANT SELECT (one), UPDATE ON f TO pgmig_guarded WITH GRANT OPTION;
GRANT SELECT ON ALL TABLES IN SCHEMA one_table TO pgmig_guarded;
GRANT EXECUTE ON FUNCTION fn TO pgmig_guarded;
GRANT USAGE ON TYPE ty TO pgmig_guarded;
GRANT USAGE ON SCHEMA "Guard;" TO pgmig_guarded;
GRANT USAGE ON LANGUAGE plpgsql TO pgmig_guarded;
SELECT lo_create(4711);
GRANT SELECT ON LARGE OBJECT 4711 TO pgmig_guarded;
ALTER DEFAULT PRIVILEGES FOR ROLE pgmig_guarded, "pgmig_Guard's; role" IN SCHEMA "Guard;" GRANT SELECT ON TABLES TO pgmig_guarded;
ALTER DEFAULT PRIVILEGES FOR ROLE pgmig_guarded IN SCHEMA "Guard;" REVOKE SELECT ON TABLES FROM pgmig_guarded;
ALTER DEFAULT PRIVILEGES FOR ROLE pgmig_guarded REVOKE ALL ON FUNCTIONS FROM public;
SELECT lo_unlink(4711);
GRANT SELECT ON f TO pgmig_guard_left;
DROP OWNED BY pgmig_guard_left;
SELECT tag, object_type, identity FROM pg_temp.logged();

-- No words that may hold a password
CREATE FOREIGN DATA WRAPPER guard_wrapper;
CREATE SERVER guard_server FOREIGN DATA WRAPPER guard_wrapper;
CREATE USER MAPPING FOR pgmig_guarded SERVER guard_server OPTIONS (password 'secret');
DROP FOREIGN DATA WRAPPER guard_wrapper CASCADE;
SELECT tag, identity, statement FROM pg_temp.logged();

-- A statement is cut at the end of a character.
\set ECHO errors
SELECT format('CREATE TABLE cut () -- %s', repeat('é', 5000)) \gexec
\set ECHO all
SELECT length(statement), octet_length(statement) <= 8000 AS cut FROM pgmig_guard_log();

-- Not from outside: bodies, and what pgmig itself does.
SELECT pgmig_revision('m', 'one', upgrade => 'CREATE TABLE body (); SELECT ddl(''CREATE TABLE b ()'')',
    downgrade => 'DROP TABLE body') IS NOT NULL AS made;
SELECT pgmig_revision('m', 'two', upgrade => 'CREATE INDEX CONCURRENTLY ON f (one); SELECT 1/0', transactional => false,
    downgrade => NULL) IS NOT NULL AS made;
SELECT pgmig_revision('m', 'three', 'one', splice => true, upgrade => 'SELECT pgmig_guard(''off'')') IS NOT NULL AS made;
SELECT pgmig_revision('m', 'four', 'one', splice => true, upgrade => 'DELETE FROM pgmig.guard') IS NOT NULL AS made;
DELETE FROM pgmig.guard_log;
SELECT pgmig_upgrade('one');
CALL pgmig_upgrade_stepwise('two');
SELECT pgmig_resolve('two', 'forget');
SELECT pgmig_upgrade('three');
SELECT pgmig_upgrade('four');
SELECT pgmig_downgrade('base');
SELECT pgmig_revoke('pgmig_guarded');
ALTER EXTENSION pgmig UPDATE;
SELECT * FROM pg_temp.logged();
CREATE TABLE after ();

-- An error in the log is one of the statement.
ALTER TABLE pgmig.guard_log ADD CONSTRAINT never CHECK (identity <> '"Guard;".never');
CREATE TABLE never ();
DO $$ BEGIN CREATE TABLE never (); EXCEPTION WHEN check_violation THEN CREATE TABLE instead (); END $$;
SHOW search_path;
ALTER TABLE pgmig.guard_log DROP CONSTRAINT never;
SELECT * FROM pg_temp.logged();

-- The script of an extension is not looked into, its command is.
SELECT count(*) > 0 AS there FROM pg_available_extensions WHERE name = 'citext' \gset
\if :there
CREATE EXTENSION citext;
DROP EXTENSION citext;
\endif
SELECT tag, identity FROM pg_temp.logged() WHERE identity <> 'citext';

-- Temporary objects and maintenance are nobody's business.
CREATE TEMP TABLE t (id serial PRIMARY KEY, n int);
ALTER TABLE t ALTER n SET DEFAULT 1;
ALTER TABLE t ALTER n DROP DEFAULT;
CREATE INDEX ON t (n);
CREATE VIEW tv AS SELECT * FROM t;
CREATE TRIGGER tg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
COMMENT ON TRIGGER tg ON t IS 'x';
DROP TRIGGER tg ON t;
GRANT SELECT ON t TO pgmig_guarded;
DROP TABLE t CASCADE;
CREATE MATERIALIZED VIEW m AS SELECT * FROM f;
SELECT tag, identity FROM pg_temp.logged();
REFRESH MATERIALIZED VIEW m;
REINDEX TABLE f;
ANALYZE f;
SELECT * FROM pg_temp.logged();

-- Where the user may not change; from a function that REFRESH calls, the server
-- tells event triggers what was dropped, not what was made.
CREATE FUNCTION makes() RETURNS int LANGUAGE plpgsql SET search_path = "Guard;" AS 'BEGIN CREATE TABLE made_inside (); DROP TABLE made_inside; RETURN 1; END';
CREATE MATERIALIZED VIEW mm AS SELECT makes() AS x WITH NO DATA;
ALTER MATERIALIZED VIEW mm OWNER TO pgmig_guarded;
GRANT ALL ON SCHEMA "Guard;" TO pgmig_guarded;
DELETE FROM pgmig.guard_log;
REFRESH MATERIALIZED VIEW mm;
SELECT * FROM pg_temp.logged();

DROP EXTENSION pgmig;
SET client_min_messages = error;
DROP SCHEMA "Guard;" CASCADE;
DROP SCHEMA one_table CASCADE;
DROP OWNED BY "pgmig_Guard's; role", pgmig_guarded CASCADE;
DROP ROLE "pgmig_Guard's; role", pgmig_guarded, pgmig_guard_left;
