-- Fill missing search vectors of events
--
-- Rows that were loaded while the trigger was disabled have no vector. Data
-- only: the downgrade has nothing to take back, as a filled vector is right in
-- the older schema too.
--
-- Revision ID: fix_search_vector_backfill
-- Revises: fix_datetime_tz
-- Create Date: 2025-12-28 20:15:00+00

-- pgmig: upgrade
-- The update fires events_search_vector_trigger, which computes the value, with
-- or without a camera name.
UPDATE events SET search_vector = NULL WHERE search_vector IS NULL;

-- pgmig: downgrade
