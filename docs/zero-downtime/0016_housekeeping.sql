-- Clean up after the batches
--
-- The batches left a dead row for each order that they changed. VACUUM makes
-- their space free for new rows; without TRUNCATE it never asks for the lock
-- that stops everybody. The index is written anew at its proper size.
--
-- The downgrade has nothing to do.
--
-- Revision ID: 0016_housekeeping
-- Revises: 0015_detach_2024_q3
-- Create Date: 2025-07-12 08:00:00+00

-- pgmig: upgrade no-transaction
SET lock_timeout = 0;
VACUUM (ANALYZE, TRUNCATE false) orders;
REINDEX INDEX CONCURRENTLY orders_placed_at_idx;

-- pgmig: downgrade
