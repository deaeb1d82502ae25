-- Detach the oldest quarter
--
-- Its rows stay, in a table of their own, for the archive to fetch. Up to 18,
-- PostgreSQL gives that table a CHECK constraint with the bounds of the
-- partition. The downgrade does not count on it: it reads the rows of that table
-- before it comes to the one that is in use.
--
-- Revision ID: 0015_detach_2024_q3
-- Revises: 0014_attach_2025_q2
-- Create Date: 2025-07-11 08:00:00+00

-- pgmig: upgrade no-transaction
SET lock_timeout = 0;
ALTER TABLE order_event DETACH PARTITION order_event_2024_q3 CONCURRENTLY;

-- pgmig: downgrade
ALTER TABLE order_event_2024_q3
    ADD CONSTRAINT order_event_2024_q3_bounds
    CHECK (happened_at >= '2024-07-01 00:00:00+00' AND happened_at < '2024-10-01 00:00:00+00');
ALTER TABLE order_event ATTACH PARTITION order_event_2024_q3
    FOR VALUES FROM ('2024-07-01 00:00:00+00') TO ('2024-10-01 00:00:00+00');
ALTER TABLE order_event_2024_q3
    DROP CONSTRAINT order_event_2024_q3_bounds,
    DROP CONSTRAINT IF EXISTS order_event_2024_q3_happened_at_check;
