-- pgmig_check(): what is not as the migrations have left it
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
\pset null (null)
SELECT * FROM pgmig_check();
SELECT $doc$
-- Create items
-- Revision ID: items
-- pgmig: upgrade
CREATE TABLE check_item (id int);
-- pgmig: downgrade
DROP TABLE check_item;

-- Name them
-- Revision ID: names
-- Revises: items
-- pgmig: upgrade
ALTER TABLE check_item ADD COLUMN name text;
-- pgmig: downgrade
ALTER TABLE check_item DROP COLUMN name;
$doc$ AS doc \gset
SELECT count(*) FROM pgmig_import(:'doc');

-- Pending; several heads
SELECT pgmig_upgrade('items');
SELECT "check", kind, identity, property, expected, found, changed_by, hint FROM pgmig_check();
SELECT pgmig_upgrade('names');
SELECT * FROM pgmig_check();
SELECT pgmig_check(raise => true);
SELECT count(*) FROM pgmig_revision('Branch', rev_id => 'branch', head => 'items', splice => true, upgrade => '', downgrade => '');
SELECT "check", identity, expected, found, hint FROM pgmig_check();
\set VERBOSITY default
SELECT * FROM pgmig_check(raise => true);
\set VERBOSITY terse
SELECT pgmig_upgrade('heads');
SELECT "check", identity FROM pgmig_check();
SELECT count(*) FROM pgmig_merge(rev_id => 'merged');
SELECT pgmig_upgrade();
SELECT * FROM pgmig_check(NULL);

-- Bodies that were changed behind pgmig's back
BEGIN;
ALTER TABLE pgmig.revision DISABLE TRIGGER USER;
UPDATE pgmig.revision SET upgrade = 'SELECT 1' WHERE revision = 'items';
UPDATE pgmig.revision SET downgrade = 'SELECT 1' WHERE revision = 'names';
ALTER TABLE pgmig.applied DISABLE TRIGGER USER;
UPDATE pgmig.applied SET checksum = repeat('0', 64) WHERE revision = 'names';
SELECT "check", kind, identity, property, length(expected), length(found), expected = repeat('0', 64) AS applied, hint FROM pgmig_check();
-- ... and what the hints say is done
SELECT action FROM pgmig_import(:'doc');
SELECT pgmig_stamp('base');
SELECT pgmig_stamp('merged');
SELECT * FROM pgmig_check();
ROLLBACK;
SELECT * FROM pgmig_check();

-- Half-done
SELECT count(*) FROM pgmig_revision('Half', rev_id => 'half', transactional => false,
    upgrade => 'CREATE TABLE check_half (a int); SELECT 1 / 0;');
CALL pgmig_upgrade_stepwise();
SELECT "check", kind, identity, property, expected, found, hint FROM pgmig_check();
SELECT pgmig_check(raise => true);
SELECT pgmig_edit('half', upgrade => 'CREATE TABLE check_half (a int); SELECT 1;') IS NOT NULL AS edited;
CALL pgmig_upgrade_stepwise();
SELECT * FROM pgmig_check();

-- A run at work, or one whose process is gone
INSERT INTO pgmig.run (operation, target) VALUES ('upgrade', 'lost');
SELECT "check", kind, expected, found, hint FROM pgmig_check();
DELETE FROM pgmig.run WHERE target = 'lost';

-- A guard that is not in force
SELECT pgmig_guard('deny');
ALTER EVENT TRIGGER pgmig_guard_end DISABLE;
SELECT "check", kind, expected, found, hint FROM pgmig_check();
SELECT pgmig_guard('off');

-- Drift
CREATE INDEX check_hand ON check_item (name);
ALTER TABLE check_item ALTER COLUMN name SET DEFAULT 'ä', ADD COLUMN "Öd; ""x""" int;
SELECT "check", kind, identity, property, expected, found, changed_by, hint FROM pgmig_check();
\set VERBOSITY default
SELECT pgmig_check(true);
\set VERBOSITY sqlstate
SELECT pgmig_check(true);
\set VERBOSITY terse
-- ... in a deployment script, which ends here
BEGIN;
SELECT count(*) FROM pgmig_check(raise => true);
SELECT pgmig_upgrade();
COMMIT;
-- Many findings, and long ones
\set VERBOSITY default
BEGIN;
DO $$ BEGIN FOR n IN 10..30 LOOP EXECUTE format('ALTER TABLE check_item ADD COLUMN n%s int', n); END LOOP; END $$;
COMMENT ON TABLE check_item IS 'äääääääääääääääääääääääääääääääääääääääääääääääääää';
SELECT pgmig_check(true);
ROLLBACK;
\set VERBOSITY terse
-- What a caller's transaction does is seen, and forgotten with it
BEGIN;
SAVEPOINT s;
DROP INDEX check_hand;
ALTER TABLE check_item DROP COLUMN "Öd; ""x""", ALTER COLUMN name DROP DEFAULT;
SELECT * FROM pgmig_check();
ROLLBACK TO s;
SELECT count(*) FROM pgmig_check();
ROLLBACK;
-- From anywhere
SET search_path = '';
SET DateStyle = 'German';
SET quote_all_identifiers = on;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT count(*) FROM public.pgmig_check();
COMMIT;
RESET search_path;
RESET DateStyle;
RESET quote_all_identifiers;

-- A run keeps what was there before it as it is.
SELECT count(*) FROM pgmig_revision('Last', rev_id => 'last', upgrade => '');
SELECT pgmig_upgrade();
SELECT * FROM pgmig_check();

DROP EXTENSION pgmig;
DROP TABLE check_item, check_half;
