-- Add the path of an event's video clip
--
-- The downgrade drops the column with its values.
--
-- Revision ID: add_clip_path
-- Revises: add_baselines
-- Create Date: 2025-12-28 17:45:00+00

-- pgmig: upgrade
ALTER TABLE events ADD COLUMN clip_path varchar;

-- pgmig: downgrade
ALTER TABLE events DROP COLUMN clip_path;
