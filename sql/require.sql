-- What an application asks at the start of a connection.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;

-- Whether an answer is kept: it is given without a lock.
CREATE FUNCTION ask(target text, OUT yes boolean, OUT kept boolean) LANGUAGE plpgsql AS $$
BEGIN
    IF target IS NULL THEN
        yes := pgmig_is_at_head();
    ELSE
        PERFORM pgmig_require(target);
        yes := true;
    END IF;
    kept := NOT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                        WHERE l.pid = pg_backend_pid() AND c.relname = 'revision');
END $$;

-- Nothing is loaded: nothing is pending.
SELECT pgmig_is_at_head(), pgmig_require('heads'), pgmig_require('head');
SELECT pgmig_require('first');

SELECT count(*) FROM pgmig_import($$
-- one
-- Revision ID: first
-- pgmig: upgrade
CREATE TABLE one (id int);
-- pgmig: downgrade
DROP TABLE one;

-- two
-- Revision ID: second
-- Revises: first
-- Branch Labels: "ö'
-- pgmig: upgrade no-transaction
CREATE TABLE two (id int);
CREATE INDEX CONCURRENTLY ON missing (id);
-- pgmig: downgrade no-transaction
SELECT 1;
DROP TABLE two;

-- three
-- Revision ID: Third;
-- Revises: first
-- pgmig: upgrade
-- pgmig: downgrade
$$);

-- Not applied, one and several; no revision, or not only one.
SELECT pgmig_require('first');
SELECT pgmig_require('"ö''');
SELECT pgmig_require('heads');
SELECT pgmig_upgrade('first');
SELECT pgmig_require('head');
SELECT pgmig_require('"ö''@head');
SET pgmig.scope = 'Ten"ant;';
SELECT pgmig_require('fir');
RESET pgmig.scope;
SELECT pgmig_require(NULL);
SELECT pgmig_require('');
SELECT pgmig_require('base');
SELECT pgmig_require('current');
SELECT pgmig_require('first:second');
SELECT pgmig_require('-1');
SELECT pgmig_require('frist');
\set VERBOSITY sqlstate
SELECT pgmig_require('sec');

-- Applied, by all its names; the answer is kept.
SELECT ask('first'), ask('fir');
SELECT ask('first'), ask('fir');
SELECT ask('first');
SELECT ask('fir');
SELECT ask(NULL);
SELECT ask(NULL);

-- By everybody.
CREATE ROLE pgmig_nobody;
SET ROLE pgmig_nobody;
SELECT ask('first');
SELECT ask('fi');
SELECT ask('Third;');
SELECT ask(NULL);
RESET ROLE;
DROP ROLE pgmig_nobody;

-- In each scope its own.
CREATE SCHEMA "Ten""ant;";
SET pgmig.scope = 'Ten"ant;';
SELECT ask('first');
SELECT pgmig_upgrade('first');
SELECT ask('first');
SELECT ask('first');
SELECT ask(NULL);
RESET pgmig.scope;
SELECT ask('first');
SELECT ask('first');

-- Own changes are seen, and forgotten when they are rolled back.
SELECT pgmig_upgrade('Third;');
SELECT ask('Third;');
BEGIN;
SELECT ask('Third;');
SAVEPOINT a;
SELECT pgmig_downgrade('first');
SAVEPOINT b;
SELECT pgmig_require('Third;');
ROLLBACK TO a;
SELECT pgmig_require('Third;');
SAVEPOINT c;
SELECT pgmig_downgrade('first');
RELEASE c;
SELECT pgmig_require('Third;');
ROLLBACK;
SELECT ask('Third;');
BEGIN;
SELECT pgmig_downgrade('first');
COMMIT;
SELECT ask('Third;');

-- Half-done, up and down.
CALL pgmig_upgrade_stepwise('second');
\set VERBOSITY default
SELECT pgmig_require('second');
SELECT pgmig_require('Third;');
CREATE TABLE missing (id int);
CALL pgmig_upgrade_stepwise('second');
SELECT pgmig_upgrade('heads');
SELECT ask('second'), ask(NULL);
SELECT ask('second'), ask(NULL);
ALTER TABLE two RENAME TO six;
\set VERBOSITY sqlstate
CALL pgmig_downgrade_stepwise('second-1');
\set VERBOSITY default
SELECT pgmig_require('second');
SELECT pgmig_require('first');
SELECT ask(NULL);
SELECT ask(NULL);
ALTER TABLE six RENAME TO two;
CALL pgmig_downgrade_stepwise('second-1');

-- A statement sees what it has written so far; it fails, and that is gone.
\set VERBOSITY sqlstate
SELECT pgmig_stamp('Third;');
SELECT ask(NULL);
INSERT INTO pgmig.applied (revision, run, checksum) SELECT revision, 1, upgrade_checksum
FROM pgmig.revision WHERE revision = 'second' RETURNING 1 / (NOT pgmig_is_at_head())::int;
DELETE FROM pgmig.applied WHERE revision = 'Third;' RETURNING pgmig_require('Third;');
SELECT ask(NULL);

-- A new head, a new name, direct SQL, whatever the session pretends.
SELECT pgmig_stamp('heads');
SELECT ask(NULL), ask('seco');
SELECT pgmig_revision('new', rev_id => 'secopia', head => 'second') IS NOT NULL;
SELECT ask(NULL);
SELECT ask('seco');
SELECT pgmig_remove('secopia') IS NOT NULL;
SELECT ask('seco');
SET session_replication_role = replica;
DELETE FROM pgmig.applied WHERE revision = 'second' AND scope = '';
SELECT ask('seco');
SELECT ask('Third;');
TRUNCATE pgmig.applied;
SELECT ask('Third;');
RESET session_replication_role;

-- Nothing is kept while not all triggers fire whenever they have to.
ALTER TABLE pgmig.branch_label DISABLE TRIGGER ALL, ENABLE TRIGGER ALL;
SELECT ask(NULL);
SELECT ask(NULL);
ALTER TABLE pgmig.branch_label ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;
SELECT ask(NULL);
SELECT ask(NULL);
SELECT pgmig_trigger_changed();

-- Another extension in the same session, of a version without them, and none.
DROP EXTENSION pgmig;
CREATE EXTENSION pgmig VERSION '1.0';
CREATE FUNCTION pgmig_is_at_head() RETURNS boolean AS '$libdir/pgmig' LANGUAGE C;
SELECT ask(NULL);
SELECT ask(NULL);
BEGIN;
DROP EXTENSION pgmig;
SELECT ask(NULL);
ROLLBACK;
DROP FUNCTION pgmig_is_at_head();
ALTER EXTENSION pgmig UPDATE;
SELECT ask(NULL);
SELECT ask(NULL);
DROP EXTENSION pgmig;
DROP FUNCTION ask;
DROP TABLE one, missing;
DROP SCHEMA "Ten""ant;" CASCADE;
