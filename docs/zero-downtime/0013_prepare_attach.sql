-- Prepare the second quarter for its place among the partitions
--
-- What ATTACH PARTITION would do under a strong lock is done before it: the
-- index that the other partitions have, and the proof that every row is within
-- the bounds.
--
-- Revision ID: 0013_prepare_attach
-- Revises: 0012_index_events
-- Create Date: 2025-07-10 08:00:00+00

-- pgmig: upgrade no-transaction
ALTER TABLE order_event_2025_q2
    ADD CONSTRAINT order_event_2025_q2_bounds
    CHECK (happened_at >= '2025-04-01 00:00:00+00' AND happened_at < '2025-07-01 00:00:00+00') NOT VALID;
ALTER TABLE order_event_2025_q2 VALIDATE CONSTRAINT order_event_2025_q2_bounds;
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY order_event_2025_q2_order_id_idx ON order_event_2025_q2 (order_id);

-- pgmig: downgrade no-transaction
ALTER TABLE order_event_2025_q2 DROP CONSTRAINT order_event_2025_q2_bounds;
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY order_event_2025_q2_order_id_idx;
