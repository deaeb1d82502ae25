-- Replace the index on GPU statistics by a BRIN index
--
-- Rows arrive in the order of recorded_at, which is what BRIN is made for: it
-- answers range queries from a few pages.
--
-- Revision ID: add_gpu_stats_recorded_at_brin
-- Revises: add_detections_camera_object_idx
-- Create Date: 2025-12-30 14:40:00+00

-- pgmig: upgrade
DROP INDEX idx_gpu_stats_recorded_at;
CREATE INDEX ix_gpu_stats_recorded_at_brin ON gpu_stats USING brin (recorded_at);

-- pgmig: downgrade
DROP INDEX ix_gpu_stats_recorded_at_brin;
CREATE INDEX idx_gpu_stats_recorded_at ON gpu_stats (recorded_at);
