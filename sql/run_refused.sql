-- Calls that are refused, and calls that have nothing to do
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- one
-- Revision ID: r1
-- pgmig: upgrade
CREATE TABLE r (a int);
-- pgmig: downgrade
DROP TABLE r;
-- two
-- Revision ID: r2
-- Revises: r1
-- pgmig: upgrade
ALTER TABLE r ADD COLUMN b int;
-- three
-- Revision ID: r3
-- Revises: r2
-- pgmig: upgrade
ALTER TABLE r ADD COLUMN c int;
-- pgmig: downgrade
ALTER TABLE r DROP COLUMN c;
$doc$);

-- Targets
SELECT pgmig_upgrade(NULL::text);
SELECT pgmig_upgrade(NULL::text[]);
SELECT pgmig_upgrade('{}'::text[]);
SELECT pgmig_upgrade('{r1,NULL}'::text[]);
SELECT pgmig_upgrade('');
SELECT pgmig_upgrade(' ');
SELECT pgmig_upgrade('nowhere');
SELECT pgmig_upgrade('+4');
SELECT pgmig_downgrade(NULL);
SELECT pgmig_downgrade('');
SELECT pgmig_downgrade('-1');
SELECT pgmig_stamp(NULL::text);
SELECT pgmig_stamp('{}'::text[]);
SELECT count(*) FROM pgmig.run;

-- Nothing to do: no row, no lock, and a read-only transaction will do
BEGIN;
SELECT pgmig_downgrade('base');
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
COMMIT;
SELECT * FROM pgmig_upgrade('head', 'first');
BEGIN;
SELECT pgmig_upgrade('head');
SELECT pgmig_upgrade('r1');
SELECT * FROM pgmig_upgrade(ARRAY['r3']);
SELECT * FROM pgmig_stamp('head');
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_write;
COMMIT;
BEGIN READ ONLY;
SELECT pgmig_upgrade('head');
SELECT * FROM pgmig_stamp('head');
COMMIT;
SELECT operation, target, tag FROM pgmig.run;

-- Something to do in a read-only transaction
BEGIN READ ONLY;
SAVEPOINT s;
SELECT pgmig_downgrade('r2');
ROLLBACK TO s;
SELECT pgmig_stamp('r1');
ROLLBACK;
\set VERBOSITY sqlstate
BEGIN READ ONLY;
SELECT pgmig_downgrade('r2');
ROLLBACK;
\set VERBOSITY default

-- Below an irreversible revision: refused before anything runs
SELECT pgmig_downgrade('base');
SELECT pgmig_downgrade('r1');
SELECT pgmig_downgrade_sql('r1');
SELECT revision FROM pgmig_current();
SELECT pgmig_downgrade('r2');
SELECT pgmig_downgrade('r2');

-- A body that was edited behind the back of pgmig
BEGIN;
UPDATE pgmig.revision SET upgrade = 'DROP TABLE r' WHERE revision = 'r3';
SELECT pgmig_upgrade('head');
ROLLBACK;
BEGIN;
UPDATE pgmig.revision SET upgrade = 'alter /* the */ table R ADD COLUMN c int  ;'
    WHERE revision = 'r3';
SELECT pgmig_upgrade('head');
UPDATE pgmig.revision SET downgrade = 'DROP TABLE r' WHERE revision = 'r3';
SELECT pgmig_downgrade('-1');
ROLLBACK;
-- A revision that was changed after it was applied, past the triggers
BEGIN;
SELECT pgmig_upgrade('head');
SET LOCAL session_replication_role = replica;
UPDATE pgmig.revision SET upgrade = 'SELECT',
    upgrade_checksum = encode(sha256('\x73656c65637400'), 'hex')
    WHERE revision = 'r3';
SET LOCAL session_replication_role = origin;
SAVEPOINT s;
SELECT pgmig_downgrade('-1');
ROLLBACK TO s;
-- As the hint says
SELECT pgmig_stamp('r2');
SELECT pgmig_stamp('r3');
SELECT pgmig_downgrade('-1');
ROLLBACK;
SELECT revision FROM pgmig_current();
SELECT revision, outcome FROM pgmig_log();

-- Statements that no document may contain
BEGIN;
UPDATE pgmig.revision SET upgrade = 'COMMIT',
    upgrade_checksum = encode(sha256('\x636f6d6d697400'), 'hex')
    WHERE revision = 'r3';
SELECT pgmig_upgrade('head');
ROLLBACK;
BEGIN;
UPDATE pgmig.revision SET upgrade = E'\nCOPY r TO stdout',
    upgrade_checksum = encode(sha256('copy\000r\000to\000stdout\000'::bytea), 'hex')
    WHERE revision = 'r3';
SELECT pgmig_upgrade('head');
ROLLBACK;

SELECT pgmig_upgrade('head');
SELECT pgmig_stamp('r1');
SELECT pgmig_downgrade('base');

-- None of that wrote to the log
SELECT operation, target, outcome FROM pgmig.run ORDER BY run;
DROP EXTENSION pgmig;
