-- Merge filling and recording
--
-- Revision ID: merge
-- Revises: settings, event_index

-- pgmig: upgrade
-- pgmig: downgrade
