-- Add a version to alerts
--
-- For optimistic locking.
--
-- The downgrade drops the column; a new upgrade counts from 1 again.
--
-- Revision ID: add_alert_version_id_column
-- Revises: 6b206d6591cb
-- Create Date: 2026-01-06 10:10:00+00

-- pgmig: upgrade
ALTER TABLE alerts ADD COLUMN version_id integer NOT NULL DEFAULT 1;

-- pgmig: downgrade
ALTER TABLE alerts DROP COLUMN version_id;
