-- Setting what is applied without running a body
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- one
-- Revision ID: s1
-- pgmig: upgrade
SELECT 1 / 0;
-- two
-- Revision ID: s2
-- Revises: s1
-- pgmig: upgrade
SELECT 1 / 0;
-- left
-- Revision ID: left
-- Revises: s2
-- pgmig: upgrade
SELECT 1 / 0;
-- right, and what cannot run in a transaction
-- Revision ID: right
-- Revises: s2
-- pgmig: upgrade no-transaction
VACUUM;
$doc$);

-- Forward, to several, back, to nothing; irreversible ones as well
SELECT * FROM pgmig_stamp('s1', tag => 'by hand; "1"');
SELECT * FROM pgmig_stamp(ARRAY['left', 'right'], tag => 'both');
SELECT * FROM pgmig_stamp('heads');
SELECT * FROM pgmig_stamp('s2');
SELECT * FROM pgmig_stamp('base');
SELECT * FROM pgmig_stamp(target => 'left', purge => NULL);
SELECT run, operation, target, tag, outcome, ended_at >= started_at AS ended FROM pgmig.run ORDER BY run;
SELECT run, step, revision, direction, statements_done AS done, statements_total AS total, outcome
    FROM pgmig.run_step ORDER BY run, step;

-- With purge nothing of what was there counts
SELECT * FROM pgmig_stamp('right');
SELECT * FROM pgmig_stamp('left', purge => true);
SELECT * FROM pgmig_stamp('left', purge => true);
SELECT * FROM pgmig_stamp('{left,right}'::text[], true);
SELECT revision FROM pgmig.applied ORDER BY revision;
SELECT * FROM pgmig_stamp('base', purge => true);
SELECT count(*) FROM pgmig.applied;

-- Refused; nothing changes
SELECT pgmig_stamp('head');
SELECT pgmig_stamp('nowhere');
SELECT pgmig_stamp(ARRAY['s1', 'nowhere']);
SELECT pgmig_stamp('{}'::text[]);
SELECT pgmig_stamp('{s1,NULL}'::text[]);
SELECT count(*) FROM pgmig.applied;

-- Rolled back
BEGIN;
SAVEPOINT s;
SELECT pgmig_stamp('s1');
ROLLBACK TO s;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
SELECT pgmig_stamp('s2');
COMMIT;
SELECT revision FROM pgmig_current();

DROP EXTENSION pgmig;
