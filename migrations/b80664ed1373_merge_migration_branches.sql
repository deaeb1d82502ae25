-- Merge alert and prompt versions
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: b80664ed1373
-- Revises: add_alert_version_id_column, add_row_version_pv
-- Create Date: 2026-01-06 11:00:00+00

-- pgmig: upgrade

-- pgmig: downgrade
