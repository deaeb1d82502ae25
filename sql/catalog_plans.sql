-- Queries of pgmig's own that were planned while the tables were empty, and
-- known to be so, still look rows up by key when they have grown.
CREATE EXTENSION pgmig;
VACUUM ANALYZE pgmig.applied;
VACUUM ANALYZE pgmig.revision;
SELECT count(*) FROM pgmig_heads();
SELECT count(*) FROM pgmig_upgrade('heads');

BEGIN;
SELECT count(*) FROM pgmig_import((
    SELECT string_agg(format(E'-- n\n-- Revision ID: p%s\n-- Revises: %s\n\n-- pgmig: upgrade\n\n-- pgmig: downgrade\n',
                             i, CASE WHEN i > 1 THEN 'p' || i - 1 END), E'\n' ORDER BY i)
    FROM generate_series(1, 300) i));
SELECT pgmig_stamp('p290');
SELECT count(*) FROM pgmig_upgrade('head');
SELECT count(*) FROM pgmig_downgrade('p280');
SELECT revision FROM pgmig_current();
SELECT count(*) FROM pgmig_history();
SELECT relname, seq_scan < 20 AS few_scans, idx_scan > 0 AS by_key
FROM pg_stat_xact_all_tables
WHERE schemaname = 'pgmig' AND relname IN ('applied', 'revision')
ORDER BY relname;
ROLLBACK;

DROP EXTENSION pgmig;
