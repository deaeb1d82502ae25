-- Merge notification preferences and unique prompt versions
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: eb2e0919ec02
-- Revises: add_notification_preferences, add_prompt_version_uq
-- Create Date: 2026-01-02 14:30:00+00

-- pgmig: upgrade

-- pgmig: downgrade
