-- Detach the oldest quarter
--
-- Its rows stay, in a table of their own, for the archive to fetch. PostgreSQL
-- gives that table a CHECK constraint with the bounds of the partition, and so
-- the downgrade attaches it again without reading a row.
--
-- Revision ID: 0015_detach_2024_q3
-- Revises: 0014_attach_2025_q2
-- Create Date: 2025-07-11 08:00:00+00

-- pgmig: upgrade no-transaction
SET lock_timeout = 0;
ALTER TABLE order_event DETACH PARTITION order_event_2024_q3 CONCURRENTLY;

-- pgmig: downgrade
ALTER TABLE order_event ATTACH PARTITION order_event_2024_q3
    FOR VALUES FROM ('2024-07-01 00:00:00+00') TO ('2024-10-01 00:00:00+00');
ALTER TABLE order_event_2024_q3 DROP CONSTRAINT order_event_2024_q3_happened_at_check;
