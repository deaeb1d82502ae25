-- The script of a run, which calls no function of pgmig, records the schema by
-- pgmig_trigger_record when it ends.
SET client_min_messages = warning;
CREATE EXTENSION pgmig;
CREATE SCHEMA "Script; scope";
CREATE TABLE "Script; scope".item (id integer);
CREATE TABLE script_item (id integer);

INSERT INTO pgmig.run (operation, target) VALUES ('upgrade', 'head');
SELECT outcome, fingerprint FROM pgmig.run;
UPDATE pgmig.run SET outcome = 'done';
SELECT fingerprint = pgmig_fingerprint() AS of_database, pgmig_recorded() = pgmig_snapshot() AS same FROM pgmig.run;
SELECT count(*) FROM pgmig_check();
-- A run that is done is not recorded again.
ALTER TABLE script_item ADD COLUMN name text;
UPDATE pgmig.run SET outcome = 'done', tag = 'again';
SELECT kind, identity, found FROM pgmig_check();

-- The scope is the run's, not the session's.
INSERT INTO pgmig.run (operation, target, scope) VALUES ('upgrade', 'head', 'Script; scope');
UPDATE pgmig.run SET outcome = 'done' WHERE scope > '';
SELECT fingerprint = pgmig_fingerprint(schemas => '{Script; scope}') AS of_scope FROM pgmig.run WHERE scope > '';
SHOW pgmig.scope;

-- Neither without the setting, nor after a failure, nor for another kind of run.
SET pgmig.snapshots = off;
INSERT INTO pgmig.run (operation, target) VALUES ('upgrade', 'head');
UPDATE pgmig.run SET outcome = 'done' WHERE outcome = 'running';
RESET pgmig.snapshots;
INSERT INTO pgmig.run (operation, target) VALUES ('upgrade', 'head');
UPDATE pgmig.run SET outcome = 'failed' WHERE outcome = 'running';
INSERT INTO pgmig.run (operation, target, mode) VALUES ('upgrade', 'head', 'stepwise');
UPDATE pgmig.run SET outcome = 'done' WHERE outcome = 'running';
SELECT count(*), count(fingerprint) FROM pgmig.run WHERE run > 2;

DROP EXTENSION pgmig;
DROP TABLE script_item;
DROP SCHEMA "Script; scope" CASCADE;
