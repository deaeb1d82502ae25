-- A restore may fill the tables in any order, and somebody may look meanwhile.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
SELECT revision FROM pgmig_import($$
-- a
--
-- Revision ID: a'1
-- Branch Labels: läb;el

-- pgmig: upgrade
-- pgmig: downgrade

-- b
--
-- Revision ID: b"2
-- Revises: a'1

-- pgmig: upgrade
-- pgmig: downgrade

-- d
--
-- Revision ID: dé4
-- Depends On: läb;el

-- pgmig: upgrade
-- pgmig: downgrade
$$);
SELECT pgmig_upgrade('dé4');
SET pgmig.scope = 'Scöpe;';
SELECT pgmig_stamp('b"2');
RESET pgmig.scope;
CREATE SCHEMA saved;
CREATE TABLE saved.revision AS TABLE pgmig.revision;
CREATE TABLE saved.revision_parent AS TABLE pgmig.revision_parent;
CREATE TABLE saved.revision_dependency AS TABLE pgmig.revision_dependency;
CREATE TABLE saved.branch_label AS TABLE pgmig.branch_label;
CREATE TABLE saved.run AS TABLE pgmig.run;
CREATE TABLE saved.run_step AS TABLE pgmig.run_step;
CREATE TABLE saved.applied AS TABLE pgmig.applied;

-- What all functions that read say in between, if it is not "t" or an error
-- that says what is missing.
CREATE FUNCTION pg_temp.look() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    call text;
BEGIN
    FOREACH call IN ARRAY ARRAY['pgmig_history()', 'pgmig_heads()', 'pgmig_current()', 'pgmig_status()', 'pgmig_log()', 'pgmig_branches()',
                                $x$pgmig_show('heads')$x$, $x$pgmig_plan('heads')$x$, $x$pgmig_graph('text')$x$, $x$pgmig_show('läb;el')$x$]
    LOOP
        BEGIN
            EXECUTE 'SELECT count(*) FROM ' || call;
        EXCEPTION WHEN internal_error THEN
            IF sqlerrm !~ 'is not in the catalogue' THEN
                RETURN NEXT call || ': ' || sqlerrm;
            END IF;
        WHEN undefined_object THEN
            NULL;
        END;
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.restore(tables text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    t text;
BEGIN
    TRUNCATE pgmig.revision, pgmig.revision_parent, pgmig.revision_dependency, pgmig.branch_label, pgmig.run, pgmig.run_step, pgmig.applied;
    FOREACH t IN ARRAY tables LOOP
        EXECUTE format('INSERT INTO pgmig.%I SELECT * FROM saved.%1$I', t);
        RETURN QUERY SELECT t || ': ' || l FROM pg_temp.look() l;
    END LOOP;
    FOREACH t IN ARRAY tables LOOP
        RETURN QUERY EXECUTE format('SELECT %1$L || '' differs'' WHERE EXISTS ((TABLE pgmig.%1$I EXCEPT TABLE saved.%1$I) UNION ALL (TABLE saved.%1$I EXCEPT TABLE pgmig.%1$I))', t);
    END LOOP;
END $$;
SELECT pg_temp.restore('{revision,revision_parent,revision_dependency,branch_label,run,run_step,applied}');
SELECT pg_temp.restore('{applied,run_step,run,branch_label,revision_dependency,revision_parent,revision}');
SELECT pg_temp.restore('{applied,revision,revision_parent,revision_dependency,branch_label,run_step,run}');
SELECT pg_temp.restore('{revision_parent,run_step,applied,revision,branch_label,run,revision_dependency}');
SELECT pg_temp.restore('{branch_label,revision,applied,run,run_step,revision_dependency,revision_parent}');
SELECT pg_temp.restore('{revision_dependency,branch_label,revision,run_step,run,applied,revision_parent}');

-- It is as sound as before.
INSERT INTO pgmig.revision_parent VALUES ($$a'1$$, 1, 'b"2');
DELETE FROM pgmig.applied WHERE revision = $$a'1$$;
SELECT scope, current, heads, applied, pending FROM pgmig_status();
SELECT pgmig_upgrade('heads');
SELECT pgmig_downgrade('base');

DROP EXTENSION pgmig;
DROP SCHEMA saved CASCADE;
