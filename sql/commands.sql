-- current, heads, branches, history, show, log and status: their columns.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
-- an empty catalogue
SELECT * FROM pgmig_current();
SELECT * FROM pgmig_current(true);
SELECT * FROM pgmig_heads();
SELECT * FROM pgmig_heads(true);
SELECT * FROM pgmig_branches();
SELECT * FROM pgmig_history();
SELECT * FROM pgmig_show();
SELECT * FROM pgmig_show('base');
SELECT * FROM pgmig_show('current');
SELECT * FROM pgmig_log();
SELECT * FROM pgmig_status();

SELECT revision FROM pgmig_import($$
-- The base; "quoted"
--
-- with a long message
--
-- Revision ID: b"ase;
-- Create Date: 2025-12-28 10:00:00+00

-- pgmig: upgrade
CREATE TABLE t (id int);
INSERT INTO t SELECT generate_series(1, 10);
-- pgmig: downgrade
DROP TABLE t;

-- Left
--
-- Revision ID: l'eft
-- Revises: b"ase;
-- Branch Labels: links, "gauche"

-- pgmig: upgrade
INSERT INTO t VALUES (11), (12);
UPDATE t SET id = id + 1 WHERE id > 5;
-- pgmig: downgrade
DELETE FROM t WHERE id > 11;

-- Right
--
-- Revision ID: rîght
-- Revises: b"ase;

-- pgmig: upgrade

-- Merge
--
-- Revision ID: merge
-- Revises: l'eft, rîght

-- pgmig: upgrade
-- pgmig: downgrade

-- Alone, after a label
--
-- Revision ID: alone
-- Branch Labels: solo
-- Depends On: links, rîght

-- pgmig: upgrade no-transaction
VACUUM t;
-- pgmig: downgrade no-transaction
VACUUM t;
$$, 'Söurce;.sql');

SELECT * FROM pgmig_heads();
SELECT * FROM pgmig_heads(true);
SELECT * FROM pgmig_branches();
SELECT * FROM pgmig_history();
SELECT s.revision, parents, depends_on, children, labels, s.message, s.long_message, s.created_at AT TIME ZONE 'UTC' AS created_at,
       s.upgrade_transactional AS up, s.downgrade_transactional AS down, length(s.upgrade_checksum) AS sum, s.source,
       s.loaded_by = session_user AS by, s.loaded_at < now() AS earlier, applied_at
FROM pgmig.revision r, pgmig_show(r.revision) s ORDER BY r.load_order;
SELECT upgrade, downgrade FROM pgmig_show('rîght');
SELECT * FROM pgmig_status();

-- partly applied
SELECT pgmig_upgrade('rîght', 'täg;');
SELECT revision, labels, message, is_head, applied_at IS NOT NULL AS applied FROM pgmig_current();
SELECT revision, applied_at IS NOT NULL AS applied FROM pgmig_heads();
SELECT pgmig_upgrade('links');
SELECT revision FROM pgmig_current();
SELECT revision FROM pgmig_show('current');
SELECT * FROM pgmig_current(true);
SELECT pgmig_upgrade('merge');
SELECT revision, is_current, applied_at IS NOT NULL AS applied FROM pgmig_history();
SELECT revision, is_current FROM pgmig_history('b"ase;:rîght');
SELECT revision FROM pgmig_history('current:');
-- A dependency does not hide a revision in current, as Alembic's does not.
SELECT pgmig_stamp('alone');
SELECT revision, is_head FROM pgmig_current(true);
SELECT scope, current, heads, applied, pending, last_run, last_run_at BETWEEN now() - interval '1 min' AND clock_timestamp() AS at, runner_pid FROM pgmig_status();
SELECT pgmig_stamp('rîght');
SELECT revision FROM pgmig_current();

-- the log
SELECT run, operation, revision, direction, outcome, duration IS NOT NULL AS timed, rows, wal_bytes > 0 AS wal,
       role = current_user AS mine, application, tag, error
FROM pgmig_log();
SELECT count(DISTINCT started_at) = count(DISTINCT run) AS started FROM pgmig_log();
SELECT operation, target, tag, scope, outcome, ended_at >= started_at AS ended, server_version = current_setting('server_version') AS version
FROM pgmig.run ORDER BY run;

-- Another scope has its own state and log, and the same revisions.
CREATE SCHEMA "Scöpe;";
SET pgmig.scope = 'Scöpe;';
SELECT * FROM pgmig_current();
SELECT scope, current, applied, pending, last_run FROM pgmig_status();
SELECT pgmig_upgrade('b"a');
SELECT revision, is_current FROM pgmig_history();
SELECT operation, revision FROM pgmig_log();
SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 't' ORDER BY relnamespace::regnamespace::text;
RESET pgmig.scope;
SELECT count(*) FROM pgmig_log();

-- Targets that show does not know
\set VERBOSITY terse
SELECT * FROM pgmig_show(NULL);
SELECT * FROM pgmig_show('');
SELECT * FROM pgmig_show('nöne');
SELECT * FROM pgmig_show('head');
SELECT revision FROM pgmig_show('heads');
SELECT revision FROM pgmig_show('links@-1');
SELECT revision FROM pgmig_show('solo@head');

-- A cursor, a LIMIT, LATERAL and a prepared statement over them.
SELECT revision FROM pgmig_history() LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT revision FROM pgmig_history();
FETCH 2 FROM c;
CLOSE c;
COMMIT;
PREPARE p (text) AS SELECT revision FROM pgmig_show($1);
EXECUTE p ('b"ase;');
EXECUTE p ('alone');
SELECT x.id, s.message FROM unnest(ARRAY['alone', 'merge']) x (id), LATERAL pgmig_show(x.id) s ORDER BY 1;

DROP TABLE t;
DROP EXTENSION pgmig;
DROP SCHEMA "Scöpe;" CASCADE;
