-- Index the backlog of events
--
-- The index for exports covers the short columns only. object_types and summary
-- are text without a limit; a B-tree entry holds at most some 2,700 bytes, so
-- that one long summary would make the insert fail.
--
-- Revision ID: add_events_backlog_indexes
-- Revises: add_check_constraints, add_covering_indexes_pagination, add_gpu_stats_recorded_at_brin, add_partial_indexes_boolean
-- Create Date: 2025-12-31 08:40:00+00

-- pgmig: upgrade
CREATE INDEX idx_events_risk_level_started_at ON events (risk_level, started_at);
CREATE INDEX idx_events_export_covering ON events (started_at, id)
    INCLUDE (ended_at, risk_level, risk_score, camera_id);
CREATE INDEX idx_events_unreviewed ON events (id) WHERE reviewed = false;

-- pgmig: downgrade
DROP INDEX idx_events_unreviewed;
DROP INDEX idx_events_export_covering;
DROP INDEX idx_events_risk_level_started_at;
