-- What a role without superuser that has created the extension tries with it.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE "pgmig_Attacker;";
CREATE ROLE pgmig_victim;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), 'pgmig_Attacker;') \gexec
CREATE SCHEMA attack AUTHORIZATION "pgmig_Attacker;";

-- A schema of somebody else's can be chosen, but is not opened by that.
CREATE SCHEMA private;
CREATE FUNCTION private.answer() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ''secret''::text';
SET SESSION AUTHORIZATION "pgmig_Attacker;";
CREATE EXTENSION pgmig SCHEMA private;
SELECT private.answer();
DROP EXTENSION pgmig;
SELECT private.answer();

-- Nothing of the extension can be taken, changed, or made to call something.
CREATE EXTENSION pgmig SCHEMA attack;
SET search_path = attack;
CREATE TABLE mine (id int, revision text);
CREATE TABLE foreign_key (revision text REFERENCES pgmig.revision);
CREATE TABLE child () INHERITS (pgmig.run);
CREATE STATISTICS mine ON run, pid FROM pgmig.run;
CREATE TRIGGER mine AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_applied();
CREATE PUBLICATION mine FOR TABLE pgmig.run;
CREATE FUNCTION pgmig.mine() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER TABLE pgmig.run ALTER COLUMN run DROP DEFAULT;
ALTER TABLE pgmig.run ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgmig.run OWNER TO CURRENT_USER;
ALTER SCHEMA pgmig RENAME TO other;
ALTER FUNCTION pgmig_log() SET search_path = attack;
DROP FUNCTION pgmig_log();
ALTER EXTENSION pgmig DROP TABLE pgmig.run;

-- A text that is written to the table directly cannot end a comment of a
-- script: psql would take the next line for a command.
SELECT pgmig_revision('m', 'one', upgrade => 'SELECT 1', downgrade => 'SELECT 2') IS NOT NULL AS made;
UPDATE pgmig.revision SET message = E'm\n\\! id\r\\! id\n';
SELECT count(*) FROM regexp_split_to_table(pgmig_upgrade_sql('head'), E'[\n\r]') line WHERE line LIKE '\\! id%';

-- A body that is gone since the plan was made is an error.
SELECT pgmig_stamp('one');
BEGIN;
DECLARE script CURSOR FOR SELECT pgmig_downgrade_sql('base');
UPDATE pgmig.revision SET downgrade = NULL, downgrade_checksum = NULL, downgrade_statements = NULL;
FETCH script;
ROLLBACK;
SELECT pgmig_stamp('base');

-- A setting for superusers that was made before its library was loaded does
-- not come through as one that a run puts back.
\c -
\set VERBOSITY terse
SET SESSION AUTHORIZATION "pgmig_Attacker;";
SET client_min_messages = error;
SET search_path = attack;
SET plpgsql.variable_conflict = 'use_column';
SELECT pgmig_revision('s', 'settings', 'base', upgrade => 'DO $$BEGIN PERFORM 1; END$$', transactional => false) IS NOT NULL AS made;
CALL pgmig_upgrade_stepwise('settings');
SELECT setting FROM pg_settings WHERE name = 'plpgsql.variable_conflict';
SET client_min_messages = warning;

-- A run that the log makes up is nobody's to be cancelled, but its own.
INSERT INTO pgmig.run (operation, target, mode, started_at, role) VALUES ('upgrade', 'head', 'stepwise', 'infinity', 'none');
RESET SESSION AUTHORIZATION;
SELECT attack.pgmig_cancel(max(run)) FROM pgmig.run;
UPDATE pgmig.run SET mode = 'worker' WHERE started_at = 'infinity';
SELECT attack.pgmig_cancel(max(run)) FROM pgmig.run;
SET SESSION AUTHORIZATION "pgmig_Attacker;";

-- What the tables could not hold if they had been filled by pgmig, others
-- get an error for, at most.
DELETE FROM pgmig.applied;
DELETE FROM pgmig.revision;
INSERT INTO pgmig.revision_parent VALUES ('a', -1, 'b'), ('b', 2147483647, 'a');
INSERT INTO pgmig.branch_label VALUES ('label', 'a', 0);
INSERT INTO pgmig.revision (revision, load_order, message, created_at, upgrade, upgrade_statements, upgrade_checksum)
    VALUES ('a', 9223372036854775807, '', 'infinity', '''', -1, ''), ('b', -9223372036854775808, '', NULL, '', 2147483647, '');
UPDATE pgmig.revision SET has_children = false WHERE revision = 'a';
INSERT INTO pgmig.unfinished (revision, direction, run, done, settings)
    VALUES ('a', 'upgrade', -1, '[5:6]={x,NULL}', '{{=,role=none},{is_superuser=on,"session_authorization=nobody"}}');
GRANT USAGE ON SCHEMA attack TO pgmig_victim;
SET SESSION AUTHORIZATION pgmig_victim;
SET statement_timeout = '60s';
SELECT attack.pgmig_status();
SELECT attack.pgmig_current();
SELECT attack.pgmig_heads();
SELECT attack.pgmig_history();
SELECT attack.pgmig_plan('heads');
SELECT attack.pgmig_graph();
SELECT attack.pgmig_current(true);
RESET statement_timeout;
SET SESSION AUTHORIZATION "pgmig_Attacker;";
SELECT pgmig_upgrade('heads');
CALL pgmig_upgrade_stepwise('a');
SELECT pgmig_export();
SELECT pgmig_resolve('a', 'done');
UPDATE pgmig.unfinished SET done = '{}', settings = '{}', left_by = '';
UPDATE pgmig.revision SET upgrade = 'SELECT 1' WHERE revision = 'a';
SELECT pgmig_resolve('a', 'done');
DELETE FROM pgmig.unfinished;
UPDATE pgmig.revision SET has_children = true;
SELECT pgmig_upgrade('head');
SELECT pgmig_revision('m');

-- A function that is called while its extension is dropped does not take what
-- is there next for its tables, see extension_swapped.spec, too.
CREATE FUNCTION swap() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DROP EXTENSION pgmig;
    CREATE SCHEMA pgmig;
    CREATE VIEW pgmig.revision AS SELECT 'a'::text AS revision, 1::bigint AS load_order, 1::bigint AS message,
        true AS upgrade_transactional, true AS downgrade_transactional, 1 AS upgrade_statements, 1 AS downgrade_statements,
        false AS has_children;
    CREATE VIEW pgmig.revision_parent AS SELECT ''::text AS revision, 1 AS ordinal, ''::text AS parent WHERE false;
    CREATE VIEW pgmig.revision_dependency AS SELECT ''::text AS revision, 1 AS ordinal, ''::text AS dependency WHERE false;
    CREATE VIEW pgmig.branch_label AS SELECT ''::text AS revision, 1 AS ordinal, ''::text AS label WHERE false;
    CREATE VIEW pgmig.applied AS SELECT ''::text AS revision, ''::text AS scope, now() AS applied_at WHERE false;
    RETURN 'swapped';
END $$;
SELECT swap(), pgmig_export();
DROP EXTENSION pgmig;
RESET SESSION AUTHORIZATION;

SET client_min_messages = error;
DROP SCHEMA attack, private CASCADE;
DROP OWNED BY "pgmig_Attacker;", pgmig_victim CASCADE;
DROP ROLE "pgmig_Attacker;", pgmig_victim;
