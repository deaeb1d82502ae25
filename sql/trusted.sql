-- A role without superuser creates the extension, and can do all with it.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE "pgmig_Owner's; role";
CREATE ROLE pgmig_trusted_runner;
CREATE ROLE pgmig_trusted_nobody;

-- Without CREATE on the database, as with every trusted extension.
SET ROLE "pgmig_Owner's; role";
CREATE EXTENSION pgmig;
RESET ROLE;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), 'pgmig_Owner''s; role') \gexec
SET ROLE "pgmig_Owner's; role";
CREATE EXTENSION pgmig;
SELECT extowner::regrole, extversion = pgmig_version() AS one_version FROM pg_extension WHERE extname = 'pgmig';

-- The objects are a superuser's, and stay so.
SELECT DISTINCT rolsuper FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE relnamespace = 'pgmig'::regnamespace;
ALTER TABLE pgmig.revision ADD COLUMN mine text;
CREATE TRIGGER mine BEFORE INSERT ON pgmig.revision FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE mine AS ON INSERT TO pgmig.run DO NOTHING;
CREATE INDEX mine ON pgmig.run (tag);
CREATE POLICY mine ON pgmig.run;
CREATE TABLE pgmig.mine ();
TRUNCATE pgmig.run;
ALTER FUNCTION pgmig_upgrade(text, text) SECURITY DEFINER;
ALTER FUNCTION pgmig_upgrade(text, text) RENAME TO mine;
ALTER EXTENSION pgmig DROP FUNCTION pgmig_upgrade(text, text);
SELECT pgmig_trigger_guard();
SELECT pgmig_load('/etc');

-- A whole life of a history.  What bodies make is the role's own.
CREATE SCHEMA trusted;
SELECT * FROM pgmig_import($$
-- one
--
-- Revision ID: one

-- pgmig: upgrade
CREATE TABLE trusted.made (id int);
-- pgmig: downgrade
DROP TABLE trusted.made;
$$);
SELECT pgmig_revision('two', rev_id => 'two', upgrade => 'CREATE INDEX CONCURRENTLY ON trusted.made (id)',
    downgrade => 'DROP INDEX CONCURRENTLY trusted.made_id_idx', transactional => false) IS NOT NULL AS made;
SELECT pgmig_upgrade('one');
CALL pgmig_upgrade_stepwise('head');
SELECT tableowner FROM pg_tables WHERE tablename = 'made';
SELECT revision, outcome, role FROM pgmig_log();
CALL pgmig_downgrade_stepwise('one');
SELECT pgmig_downgrade('base');
SELECT count(*) > 0 AS script FROM pgmig_upgrade_sql('head');
SELECT pgmig_stamp('heads');
SELECT pgmig_stamp('base');
SELECT pgmig_edit('two', downgrade => '') IS NOT NULL AS edited;
SELECT pgmig_remove('two') IS NOT NULL AS removed;
SELECT current, heads FROM pgmig_status();

-- It is refused what a superuser alone may do in a body.
SELECT pgmig_revision('ask', rev_id => 'ask', upgrade => 'COPY trusted.made FROM PROGRAM ''true''') IS NOT NULL AS made;
\set VERBOSITY sqlstate
SELECT pgmig_upgrade('head');
\set VERBOSITY terse
SELECT pgmig_remove('ask') IS NOT NULL AS removed;

-- It gives others their part, which they cannot pass on, and takes it back.
SELECT pgmig_grant('pgmig_trusted_runner', 'runner');
SELECT pgmig_grant('pgmig_trusted_runner', 'reader');
GRANT ALL ON SCHEMA trusted TO pgmig_trusted_runner;
RESET ROLE;
SET ROLE pgmig_trusted_runner;
SELECT pgmig_upgrade('head');
SELECT revision FROM pgmig.applied;
DELETE FROM pgmig.applied;
SELECT pgmig_grant('pgmig_trusted_nobody', 'runner');
RESET ROLE;
SET ROLE "pgmig_Owner's; role";
SELECT pgmig_revoke('pgmig_trusted_runner');
SELECT pgmig_grant('pgmig_trusted_runner', 'reader');
RESET ROLE;
SET ROLE pgmig_trusted_runner;
SELECT pgmig_downgrade('base');
RESET ROLE;
SET ROLE pgmig_trusted_nobody;
SELECT pgmig_upgrade('head');
TABLE pgmig.run;
DROP EXTENSION pgmig;
RESET ROLE;

-- Direct SQL, as a restored dump has it, is the owner's; the tables check it.
SET ROLE "pgmig_Owner's; role";
DELETE FROM pgmig.revision;
INSERT INTO pgmig.applied (revision, run, checksum) VALUES ('none', 1, '');
UPDATE pgmig.run SET tag = 'corrected' WHERE run = (SELECT min(run) FROM pgmig.run);
SELECT setval('pgmig.run_run_seq', 100) = 100 AS set;
DROP EXTENSION pgmig;
SELECT to_regnamespace('pgmig') IS NULL AS nothing_left;

-- In a schema of its own, with its own operators and functions in the way.
CREATE SCHEMA "trusted's; own";
CREATE FUNCTION "trusted's; own".hijacked(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'hijacked as %', current_user;
    RETURN true;
END $$;
CREATE OPERATOR "trusted's; own".= (LEFTARG = text, RIGHTARG = text, FUNCTION = "trusted's; own".hijacked);
CREATE OPERATOR "trusted's; own".<> (LEFTARG = text, RIGHTARG = text, FUNCTION = "trusted's; own".hijacked);
CREATE FUNCTION "trusted's; own".pg_extension_config_dump(regclass, text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'hijacked as %', current_user;
END $$;
CREATE DOMAIN "trusted's; own".text AS int;
SET search_path = "trusted's; own", pg_catalog;
CREATE EXTENSION pgmig SCHEMA "trusted's; own" VERSION '1.0';
CREATE EXTENSION pgmig SCHEMA "trusted's; own";
RESET search_path;
SELECT "trusted's; own".pgmig_grant('pgmig_trusted_runner', 'runner');
SELECT has_function_privilege('pgmig_trusted_runner', '"trusted''s; own".pgmig_upgrade(text, text)', 'EXECUTE') AS granted;
DROP EXTENSION pgmig;
DROP SCHEMA "trusted's; own" CASCADE;
RESET ROLE;

DROP OWNED BY "pgmig_Owner's; role", pgmig_trusted_runner, pgmig_trusted_nobody CASCADE;
DROP ROLE "pgmig_Owner's; role", pgmig_trusted_runner, pgmig_trusted_nobody;
