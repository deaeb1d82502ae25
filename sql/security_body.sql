-- What a body may not get out of the runner: the owner's rights, a role that
-- stays, the catalogue.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
CREATE ROLE "Rünner;";
CREATE ROLE pgmig_member;
GRANT pgmig_member TO "Rünner;";
SELECT pgmig_grant('Rünner;', 'runner');
CREATE SCHEMA "Own;" AUTHORIZATION "Rünner;";
CREATE FUNCTION pg_temp.revision(id text, body text) RETURNS text LANGUAGE sql AS
    $$ SELECT left(pgmig_revision(id, id, 'base', upgrade => body), 0) $$;
CREATE FUNCTION who() RETURNS text LANGUAGE sql AS 'SELECT current_user || '' '' || session_user::regrole';
SET search_path = "Own;", public;

-- Whom the body runs as
SELECT pg_temp.revision('who', 'CREATE TABLE who AS SELECT current_user::text AS "current"');
SELECT pg_temp.revision('member', 'SET ROLE pgmig_member; CREATE TEMP TABLE t (id int)');
SELECT pg_temp.revision('local_member', 'SET LOCAL ROLE pgmig_member');
SELECT pg_temp.revision('owner', format('SET ROLE %I', current_user));
SELECT pg_temp.revision('session', format('SET SESSION AUTHORIZATION %I', current_user));
SELECT pg_temp.revision('setting', format($$SELECT set_config('role', %L, false)$$, current_user));
SELECT pg_temp.revision('path', 'SET search_path = pg_catalog; SET ROLE NONE; RESET ALL');
SELECT pg_temp.revision('fails_as_member', 'SET ROLE pgmig_member; SELECT 1/0');
SELECT pg_temp.revision('writes', 'INSERT INTO pgmig.applied SELECT');
SELECT pg_temp.revision('calls', $$SELECT pgmig_upgrade('who')$$);
SELECT pg_temp.revision('imports', $$SELECT pgmig_import('')$$);
SELECT pg_temp.revision('drops', 'DROP EXTENSION pgmig');

CREATE FUNCTION pg_temp.run(id text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := current_user || ' ' || current_setting('search_path');
    state text;
BEGIN
    BEGIN
        PERFORM pgmig_upgrade(id);
        state := 'done';
    EXCEPTION WHEN OTHERS THEN
        state := sqlstate || ' ' || sqlerrm;
    END;
    IF before <> current_user || ' ' || current_setting('search_path') THEN
        RETURN 'LEFT BEHIND ' || current_user || ' ' || current_setting('search_path');
    END IF;
    RETURN state;
END $$;

-- as the session's user becomes the runner, who may go back to be it
SET ROLE "Rünner;";
SELECT id, pg_temp.run(id) FROM unnest('{who,member,local_member,path,fails_as_member,writes,calls,imports,drops}'::text[]) id;
SELECT * FROM who;
SELECT current_user;
SHOW search_path;
RESET ROLE;
DROP TABLE who;

-- as a session of the runner's own, who may not
SET SESSION AUTHORIZATION "Rünner;";
SELECT pgmig_downgrade('base');
RESET SESSION AUTHORIZATION;
SELECT pgmig_stamp('base');
SET SESSION AUTHORIZATION "Rünner;";
SELECT id, pg_temp.run(id) FROM unnest('{who,member,local_member,owner,session,setting,path,fails_as_member,writes,calls,imports,drops}'::text[]) id;
SELECT current_user, session_user;
RESET SESSION AUTHORIZATION;
DROP TABLE who;
SELECT pgmig_stamp('base');

-- inside a function that runs as its definer
CREATE FUNCTION definer(id text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT string_agg(x, ' ') || current_user FROM pgmig_upgrade(id) x $$;
ALTER FUNCTION definer OWNER TO "Rünner;";
GRANT CREATE ON SCHEMA public TO "Rünner;";
SELECT definer('who');
SELECT * FROM public.who;
SELECT definer('member');
SELECT current_user = session_user AS back;
DROP TABLE public.who;
SELECT pgmig_stamp('base');

-- A trigger that the table's owner has set for the check of a deferred
-- constraint runs as the caller, too, never as the owner of the catalogue.
SET ROLE "Rünner;";
CREATE TABLE late (id int, who text);
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'trigger runs as %', current_user;
    PERFORM FROM pgmig.applied;
    RETURN NULL;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING '%', sqlerrm;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
RESET ROLE;
SELECT pg_temp.revision('deferred', 'INSERT INTO late VALUES (1)');
\set VERBOSITY terse
SET SESSION AUTHORIZATION "Rünner;";
SELECT pgmig_upgrade('deferred');
RESET SESSION AUTHORIZATION;

DROP EXTENSION pgmig CASCADE;
DROP FUNCTION definer, who;
RESET search_path;
DROP OWNED BY "Rünner;" CASCADE;
DROP ROLE "Rünner;", pgmig_member;
