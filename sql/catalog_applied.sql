-- What is applied stays closed under parents and dependencies, in each scope,
-- and with the checksum of what was run, under direct SQL as well.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
SELECT * FROM pgmig_import($$
-- a
--
-- Revision ID: a'1

-- pgmig: upgrade
SELECT 1;
-- pgmig: downgrade

-- b
--
-- Revision ID: b"2
-- Revises: a'1

-- pgmig: upgrade
SELECT 2;
-- pgmig: downgrade

-- d
--
-- Revision ID: dé4
-- Depends On: b"2

-- pgmig: upgrade
SELECT 4;
-- pgmig: downgrade
$$);
INSERT INTO pgmig.run (operation, target, outcome) VALUES ('stamp', 'by hand', 'done');
CREATE TEMP VIEW checksums AS SELECT revision, upgrade_checksum AS sum, r.run FROM pgmig.revision, pgmig.run r;
CREATE TEMP VIEW state AS SELECT scope, revision FROM pgmig.applied ORDER BY scope, revision;

-- Insert: a parent or a dependency is missing.
INSERT INTO pgmig.applied (revision, run, checksum) SELECT revision, run, sum FROM checksums WHERE revision = 'b"2';
INSERT INTO pgmig.applied (revision, run, checksum) SELECT revision, run, sum FROM checksums WHERE revision IN ($$a'1$$, 'dé4');
INSERT INTO pgmig.applied (scope, revision, run, checksum) SELECT 'Scöpe;', revision, run, sum FROM checksums WHERE revision = 'b"2';
-- One statement that completes itself is right, whatever the order of rows.
INSERT INTO pgmig.applied (revision, run, checksum) SELECT revision, run, sum FROM checksums ORDER BY revision DESC;
TABLE state;
-- Each scope for itself.
INSERT INTO pgmig.applied (scope, revision, run, checksum) SELECT 'Scöpe;', revision, run, sum FROM checksums WHERE revision = 'b"2';
INSERT INTO pgmig.applied (scope, revision, run, checksum) SELECT 'Scöpe;', revision, run, sum FROM checksums WHERE revision = $$a'1$$;

-- Delete: something above it is applied.
DELETE FROM pgmig.applied WHERE revision = $$a'1$$;
DELETE FROM pgmig.applied WHERE revision = 'b"2';
DELETE FROM pgmig.applied WHERE revision = $$a'1$$ AND scope = 'Scöpe;';
-- Update: it goes from one scope and comes to another.
UPDATE pgmig.applied SET scope = 'x' WHERE revision = $$a'1$$;
UPDATE pgmig.applied SET scope = 'x' WHERE revision = 'dé4';
UPDATE pgmig.applied SET revision = 'none' WHERE revision = 'dé4';
-- All of it at once.
BEGIN;
UPDATE pgmig.applied SET scope = 'x';
TABLE state;
DELETE FROM pgmig.applied;
ROLLBACK;
BEGIN;
TRUNCATE pgmig.applied;
SELECT * FROM pgmig_current();
ROLLBACK;

-- Revisions, runs and edges that what is applied needs.
DELETE FROM pgmig.revision WHERE revision = 'dé4';
UPDATE pgmig.revision SET revision = 'other' WHERE revision = 'dé4';
TRUNCATE pgmig.revision, pgmig.revision_parent, pgmig.revision_dependency, pgmig.branch_label;
-- Old runs may go, and their steps go along.
BEGIN;
INSERT INTO pgmig.run_step (run, step, revision, direction, statements_done, statements_total) SELECT run, 1, 'dé4', 'stamp', 0, 0 FROM pgmig.run;
DELETE FROM pgmig.run;
SELECT count(*) FROM pgmig.run_step;
INSERT INTO pgmig.run_step (run, step, revision, direction, statements_done, statements_total) VALUES (9, 1, 'dé4', 'stamp', 0, 0);
TRUNCATE pgmig.run;
SELECT count(*) FROM pgmig.run_step;
ROLLBACK;
BEGIN;
DELETE FROM pgmig.applied WHERE revision = 'dé4';
INSERT INTO pgmig.revision_dependency VALUES ($$a'1$$, 1, 'dé4', 'dé4');
ROLLBACK;
BEGIN;
DELETE FROM pgmig.revision_dependency;
DELETE FROM pgmig.applied WHERE revision = 'dé4';
INSERT INTO pgmig.revision_parent VALUES ('b"2', 2, 'dé4');
ROLLBACK;
BEGIN;
DELETE FROM pgmig.revision_dependency;
DELETE FROM pgmig.applied WHERE revision = 'dé4';
INSERT INTO pgmig.revision_dependency VALUES ('b"2', 1, 'dé4', 'dé4');
ROLLBACK;

-- Checksums.
UPDATE pgmig.applied SET checksum = 'other' WHERE revision = 'dé4';
UPDATE pgmig.revision SET upgrade = 'DROP TABLE x', upgrade_checksum = 'other' WHERE revision = 'dé4';
INSERT INTO pgmig.applied (scope, revision, run, checksum) SELECT 'x', revision, run, 'other' FROM checksums WHERE revision = $$a'1$$;
BEGIN;
DELETE FROM pgmig.applied WHERE revision = 'dé4';
UPDATE pgmig.revision SET upgrade_checksum = 'other' WHERE revision = 'dé4';
SELECT pgmig_upgrade('heads');
ROLLBACK;

-- Whoever owns the tables may switch the triggers off.
BEGIN;
ALTER TABLE pgmig.applied DISABLE TRIGGER USER;
DELETE FROM pgmig.applied WHERE revision = $$a'1$$;
ROLLBACK;
-- A body is not: that goes for a superuser's, too.
SELECT revision FROM pgmig_import($$
-- body
--
-- Revision ID: body

-- pgmig: upgrade
DELETE FROM pgmig.applied;
-- pgmig: downgrade
$$);
SELECT pgmig_upgrade('body');
TABLE state;


-- Indexes and columns of somebody's own are kept up.
DROP VIEW checksums, state;
CREATE INDEX ON pgmig.applied (lower(revision));
CREATE INDEX ON pgmig.applied (run) WHERE run < 0;
ALTER TABLE pgmig.applied ADD COLUMN note text;
SELECT pgmig_stamp('base') IS NOT NULL AS stamped;
SELECT count(*) > 0 AS upgraded FROM pgmig_upgrade($$a'1$$);
SET enable_seqscan = off;
SELECT revision, note FROM pgmig.applied WHERE lower(revision) = $$a'1$$;
SELECT count(*) FROM pgmig.applied WHERE run < 0;
RESET enable_seqscan;

-- In a session that calls itself a replica the triggers fire all the same.
SET session_replication_role = replica;
SELECT count(*) FROM pgmig_revision('child', 'child', $$a'1$$, splice => true);
SHOW session_replication_role;
RESET session_replication_role;
SELECT has_children FROM pgmig.revision WHERE revision = $$a'1$$;

DROP EXTENSION pgmig;
