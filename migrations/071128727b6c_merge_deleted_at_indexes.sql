-- Merge indexes on deleted rows
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: 071128727b6c
-- Revises: add_deleted_at_indexes, b80664ed1373
-- Create Date: 2026-01-06 15:15:00+00

-- pgmig: upgrade

-- pgmig: downgrade
