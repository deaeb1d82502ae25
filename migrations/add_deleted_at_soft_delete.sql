-- Add soft delete to cameras
--
-- A row with a deleted_at counts as deleted. Events have the column since
-- add_time_series_partitioning, which is also the revision to drop it; here
-- they only get their index. Names and folder paths of deleted cameras remain
-- taken.
--
-- The downgrade drops cameras.deleted_at with its values: cameras that were
-- soft-deleted count as live then.
--
-- Revision ID: add_deleted_at_soft_delete
-- Revises: create_scene_changes_table
-- Create Date: 2026-01-04 09:30:00+00

-- pgmig: upgrade
ALTER TABLE cameras ADD COLUMN deleted_at timestamptz;

CREATE INDEX idx_cameras_active ON cameras (id) WHERE deleted_at IS NULL;
CREATE INDEX idx_events_active ON events (id, started_at) WHERE deleted_at IS NULL;

-- pgmig: downgrade
DROP INDEX idx_events_active;
DROP INDEX idx_cameras_active;

ALTER TABLE cameras DROP COLUMN deleted_at;
