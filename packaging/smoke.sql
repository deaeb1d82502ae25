-- The main job, on a server that has pgmig installed: the 52 revisions up,
-- down and up again.
--
--	psql -X -f packaging/smoke.sql DATABASE
--
-- As a superuser, in an empty database.  The variable "migrations" is the
-- directory that is loaded, by default the one that was installed.  psql's
-- exit status is 0 if all is well.

\set ON_ERROR_STOP on
\if :{?migrations}
\else
\set migrations migrations
\endif
SET client_min_messages = warning;

-- Every version can be created, and updated to this one.
DO $$
DECLARE
    installed text;
    one text;
BEGIN
    SELECT default_version INTO STRICT installed FROM pg_available_extensions WHERE name = 'pgmig';
    FOR one IN SELECT version FROM pg_available_extension_versions WHERE name = 'pgmig' LOOP
        EXECUTE format('CREATE EXTENSION pgmig VERSION %L', one);
        ALTER EXTENSION pgmig UPDATE;
        ASSERT (SELECT extversion FROM pg_extension WHERE extname = 'pgmig') = installed, one;
        DROP EXTENSION pgmig;
    END LOOP;
END;
$$;

CREATE EXTENSION pgmig;
SELECT count(*) AS loaded FROM pgmig_load(:'migrations');
SELECT count(*) AS upgraded FROM pgmig_upgrade('head');
DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pgmig_history()) = 52, 'history';
    ASSERT (SELECT count(*) FROM pgmig_current()) = 1, 'current';
    ASSERT (SELECT bool_and(applied_at IS NOT NULL) FROM pgmig_history()), 'applied';
    ASSERT to_regclass('public.events') IS NOT NULL, 'table events';
END;
$$;

SELECT count(*) AS downgraded FROM pgmig_downgrade('base');
DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM pgmig_current()), 'current';
    ASSERT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND relname NOT LIKE 'pgmig%'), 'tables';
END;
$$;

CALL pgmig_upgrade_stepwise('head');
SELECT pending, pgmig_heads.revision AS current FROM pgmig_status(), pgmig_heads();
DO $$
BEGIN
    ASSERT (SELECT pending FROM pgmig_status()) = 0, 'pending';
    ASSERT (SELECT count(*) FROM pgmig_log() WHERE direction = 'upgrade') >= 104, 'log';
END;
$$;
