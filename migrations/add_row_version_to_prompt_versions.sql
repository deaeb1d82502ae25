-- Add a row version to prompt versions
--
-- For optimistic locking. Existing rows start at 1; new rows get their value
-- from the application, so the default does not stay. A constant default fills
-- the rows without rewriting the table.
--
-- The downgrade drops the column; a new upgrade counts from 1 again.
--
-- Revision ID: add_row_version_pv
-- Revises: 6b206d6591cb
-- Create Date: 2026-01-06 09:00:00+00

-- pgmig: upgrade
ALTER TABLE prompt_versions ADD COLUMN row_version integer NOT NULL DEFAULT 1;
ALTER TABLE prompt_versions ALTER COLUMN row_version DROP DEFAULT;

-- pgmig: downgrade
ALTER TABLE prompt_versions DROP COLUMN row_version;
