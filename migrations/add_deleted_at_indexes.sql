-- Index soft-deleted cameras and events
--
-- For listing and purging what was deleted. Live rows are not in the indexes.
--
-- Revision ID: add_deleted_at_indexes
-- Revises: fix_camera_tz_idem
-- Create Date: 2026-01-06 14:00:00+00

-- pgmig: upgrade
CREATE INDEX ix_cameras_deleted_at ON cameras (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX ix_events_deleted_at ON events (deleted_at) WHERE deleted_at IS NOT NULL;

-- pgmig: downgrade
DROP INDEX ix_events_deleted_at;
DROP INDEX ix_cameras_deleted_at;
