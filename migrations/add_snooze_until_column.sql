-- Add snoozing to events
--
-- The downgrade drops the column, and snoozed events are no longer snoozed.
--
-- Revision ID: add_snooze_until_column
-- Revises: add_entity_model
-- Create Date: 2026-01-05 10:25:00+00

-- pgmig: upgrade
ALTER TABLE events ADD COLUMN snooze_until timestamptz;

-- pgmig: downgrade
ALTER TABLE events DROP COLUMN snooze_until;
