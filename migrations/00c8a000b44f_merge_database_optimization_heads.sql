-- Merge specialised indexes and partitioning
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: 00c8a000b44f
-- Revises: add_gin_brin_specialized_indexes, add_time_series_partitioning
-- Create Date: 2026-01-02 10:15:00+00

-- pgmig: upgrade

-- pgmig: downgrade
