-- Add GIN and BRIN indexes to the time-series tables
--
-- jsonb_path_ops makes a GIN index smaller and faster, and serves the one
-- operator in use, containment. The indexes are created on the partitioned
-- tables, hence the dependency; every partition, also a later one, gets them.
--
-- Revision ID: add_gin_brin_specialized_indexes
-- Revises: add_gpu_stats_recorded_at_brin, add_partial_indexes_boolean
-- Create Date: 2026-01-02 09:00:00+00
-- Depends On: add_time_series_partitioning

-- pgmig: upgrade
CREATE INDEX ix_detections_enrichment_data_gin ON detections USING gin (enrichment_data jsonb_path_ops);
CREATE INDEX ix_detections_detected_at_brin ON detections USING brin (detected_at);
CREATE INDEX ix_events_started_at_brin ON events USING brin (started_at);
CREATE INDEX ix_logs_timestamp_brin ON logs USING brin (timestamp);
CREATE INDEX ix_audit_logs_timestamp_brin ON audit_logs USING brin (timestamp);

-- pgmig: downgrade
DROP INDEX ix_audit_logs_timestamp_brin;
DROP INDEX ix_logs_timestamp_brin;
DROP INDEX ix_events_started_at_brin;
DROP INDEX ix_detections_detected_at_brin;
DROP INDEX ix_detections_enrichment_data_gin;
