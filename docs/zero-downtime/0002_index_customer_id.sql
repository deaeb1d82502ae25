-- Index the orders of a customer
--
-- Building the index waits for every transaction that may still use an older
-- snapshot, however long it takes. The waiting blocks nobody who reads or
-- writes, so the lock timeout has no purpose here.
--
-- Revision ID: 0002_index_customer_id
-- Revises: 0001_base_schema
-- Create Date: 2025-07-02 08:00:00+00

-- pgmig: upgrade no-transaction
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);

-- pgmig: downgrade no-transaction
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY orders_customer_id_idx;
