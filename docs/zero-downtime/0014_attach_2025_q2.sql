-- Attach the second quarter
--
-- The constraint proves that no row is out of bounds, so no row is read. The
-- indexes that are there become those of the partition.
--
-- The downgrade puts the constraint back before it detaches. Up to PostgreSQL 18,
-- DETACH PARTITION CONCURRENTLY would add one of the same sort if there were none.
--
-- Revision ID: 0014_attach_2025_q2
-- Revises: 0013_prepare_attach
-- Create Date: 2025-07-10 08:10:00+00

-- pgmig: upgrade
ALTER TABLE order_event ATTACH PARTITION order_event_2025_q2
    FOR VALUES FROM ('2025-04-01 00:00:00+00') TO ('2025-07-01 00:00:00+00');
ALTER TABLE order_event_2025_q2 DROP CONSTRAINT order_event_2025_q2_bounds;

-- pgmig: downgrade no-transaction
ALTER TABLE order_event_2025_q2
    ADD CONSTRAINT order_event_2025_q2_bounds
    CHECK (happened_at >= '2025-04-01 00:00:00+00' AND happened_at < '2025-07-01 00:00:00+00') NOT VALID;
ALTER TABLE order_event_2025_q2 VALIDATE CONSTRAINT order_event_2025_q2_bounds;
SET lock_timeout = 0;
ALTER TABLE order_event DETACH PARTITION order_event_2025_q2 CONCURRENTLY;
