-- Merge alert and prompt versions
--
-- Revision ID: b80664ed1373
-- Revises: add_alert_version_id_column, add_row_version_pv
-- Create Date: 2026-01-06 11:00:00+00

-- pgmig: upgrade
-- A merge point: nothing to do.

-- pgmig: downgrade
-- A merge point: nothing to do.
