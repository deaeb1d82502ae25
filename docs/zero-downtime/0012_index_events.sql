-- Index the events of an order
--
-- The index of a partitioned table cannot be built concurrently. Those of its
-- partitions can: the index of the parent is made without them, and is valid as
-- soon as each partition has attached its own.
--
-- Revision ID: 0012_index_events
-- Revises: 0011_status_returned
-- Create Date: 2025-07-09 08:00:00+00

-- pgmig: upgrade no-transaction
CREATE INDEX order_event_order_id_idx ON ONLY order_event (order_id);
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY order_event_2024_q3_order_id_idx ON order_event_2024_q3 (order_id);
CREATE INDEX CONCURRENTLY order_event_2024_q4_order_id_idx ON order_event_2024_q4 (order_id);
CREATE INDEX CONCURRENTLY order_event_2025_q1_order_id_idx ON order_event_2025_q1 (order_id);
SET lock_timeout = '2s';
ALTER INDEX order_event_order_id_idx ATTACH PARTITION order_event_2024_q3_order_id_idx;
ALTER INDEX order_event_order_id_idx ATTACH PARTITION order_event_2024_q4_order_id_idx;
ALTER INDEX order_event_order_id_idx ATTACH PARTITION order_event_2025_q1_order_id_idx;

-- pgmig: downgrade
DROP INDEX order_event_order_id_idx;
