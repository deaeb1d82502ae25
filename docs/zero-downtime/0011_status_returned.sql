-- Tell returned orders from cancelled ones
--
-- Until now an order that came back was cancelled after it had been shipped. A
-- new value of an enum can be used once it is committed, so each statement has
-- a transaction of its own.
--
-- The downgrade makes returned orders cancelled again, in batches. The value
-- stays in the type, as PostgreSQL cannot take one out: do not use it then. The
-- upgrade takes it as it is.
--
-- Revision ID: 0011_status_returned
-- Revises: 0010_unique_order_number
-- Create Date: 2025-07-08 08:00:00+00

-- pgmig: upgrade no-transaction
ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'returned' AFTER 'shipped';
DO $$
DECLARE
    batch CONSTANT int := 2000;
    done bigint;
    upto bigint;
BEGIN
    SELECT min(id) - 1 INTO done FROM orders;
    LOOP
        SELECT max(id) INTO upto
        FROM (SELECT id FROM orders WHERE id > done ORDER BY id LIMIT batch) AS next;
        EXIT WHEN upto IS NULL;

        UPDATE orders SET status = 'returned'
        WHERE id > done AND id <= upto AND status = 'cancelled' AND shipped_at IS NOT NULL;
        COMMIT;
        done := upto;
    END LOOP;
END
$$;
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY orders_returned_idx ON orders (id) WHERE status = 'returned';

-- pgmig: downgrade no-transaction
DO $$
DECLARE
    batch CONSTANT int := 2000;
    done bigint;
    upto bigint;
BEGIN
    SELECT min(id) - 1 INTO done FROM orders;
    LOOP
        SELECT max(id) INTO upto
        FROM (SELECT id FROM orders WHERE id > done ORDER BY id LIMIT batch) AS next;
        EXIT WHEN upto IS NULL;

        UPDATE orders SET status = 'cancelled'
        WHERE id > done AND id <= upto AND status = 'returned';
        COMMIT;
        done := upto;
    END LOOP;
END
$$;
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY orders_returned_idx;
