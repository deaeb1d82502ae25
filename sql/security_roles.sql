-- Who may do what: PUBLIC, and roles of each kind.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE ROLE "Rünner;" LOGIN;
CREATE ROLE "aut'hor";
CREATE ROLE "rea""der";
CREATE ROLE pgmig_nobody;
SELECT pgmig_grant('Rünner;', 'runner'), pgmig_grant($$aut'hor$$, 'author'), pgmig_grant('rea"der', 'reader');
CREATE SCHEMA "Own; schema" AUTHORIZATION "Rünner;";
CREATE SCHEMA forbidden;

-- An author makes revisions and does not run them.
SET ROLE "aut'hor";
SELECT * FROM pgmig_import($$
-- makes a table
--
-- Revision ID: own

-- pgmig: upgrade
CREATE TABLE "Own; schema".t (id int);
INSERT INTO "Own; schema".t VALUES (1);
-- pgmig: downgrade
DROP TABLE "Own; schema".t;
$$);
SELECT pgmig_revision('not allowed', 'not_allowed', upgrade => 'CREATE TABLE forbidden.t (id int)') <> '';
SELECT pgmig_edit('not_allowed', upgrade => 'CREATE TABLE forbidden.t (id int); SELECT 1') <> '';
SELECT pgmig_revision('another', 'other', 'own', true) <> '';
SELECT pgmig_remove('other') <> '';
SELECT pgmig_merge('{head}', 'one parent', rev_id => 'merged') <> '';
SELECT pgmig_load('migrations');
SELECT pgmig_upgrade('own');
SELECT pgmig_stamp('own');
SELECT * FROM pgmig.revision;

-- A runner runs them, each body with his own rights, and does not make them.
SET ROLE "Rünner;";
SELECT pgmig_upgrade('own');
SELECT tableowner FROM pg_tables WHERE schemaname = 'Own; schema';
SELECT pgmig_upgrade('heads');
SELECT revision FROM pgmig_current();
SELECT pgmig_downgrade('base');
SELECT pgmig_stamp('own');
SELECT pgmig_stamp('{base}'::text[]);
SELECT run, operation, revision, role, error FROM pgmig_log();
SELECT pgmig_revision('mine');
SELECT pgmig_import('');
SELECT pgmig_merge();
SELECT pgmig_edit('own', '');
SELECT pgmig_remove('merged');
SELECT pgmig_grant('pgmig_nobody', 'runner');

-- Nor does he touch history by hand, whatever the way.
SELECT * FROM pgmig.applied;
INSERT INTO pgmig.applied VALUES ('', 'own', 1);
UPDATE pgmig.revision SET upgrade = '';
DELETE FROM pgmig.run;
TRUNCATE pgmig.applied;
BEGIN;
LOCK TABLE pgmig.run;
ROLLBACK;
SELECT nextval('pgmig.run_run_seq');
COPY pgmig.revision TO STDOUT;
CREATE TRIGGER mine AFTER INSERT ON pgmig.applied FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TABLE "Own; schema".mine (revision text);
CREATE TRIGGER mine AFTER INSERT ON "Own; schema".mine FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TABLE pgmig.mine (id int);
ALTER EXTENSION pgmig DROP FUNCTION pgmig_log();
DROP EXTENSION pgmig;

-- A reader sees the tables, too, and changes nothing.
SET ROLE "rea""der";
SELECT revision FROM pgmig.revision ORDER BY load_order;
SELECT count(*) FROM pgmig.applied;
DELETE FROM pgmig.applied;
UPDATE pgmig.revision SET upgrade = '';
SELECT nextval('pgmig.run_run_seq');
SELECT pgmig_upgrade('own');
SELECT pgmig_import('');

-- PUBLIC reads the history, but not the bodies.
SET ROLE pgmig_nobody;
SELECT revision, message FROM pgmig_history();
SELECT revision, upgrade FROM pgmig_show('own');
SELECT * FROM pgmig.revision;
SELECT pgmig_upgrade();
SELECT pgmig_downgrade('base');
SELECT pgmig_stamp('base');
SELECT pgmig_load('migrations');
RESET ROLE;

-- pg_read_server_files is what an author needs besides, for files.
GRANT pg_read_server_files TO "aut'hor";
SET ROLE "aut'hor";
SELECT count(*) FROM pgmig_load('migrations');
RESET ROLE;

DROP EXTENSION pgmig;
DROP OWNED BY "Rünner;", "aut'hor", "rea""der", pgmig_nobody;
DROP SCHEMA forbidden;
DROP ROLE "Rünner;", "aut'hor", "rea""der", pgmig_nobody;
