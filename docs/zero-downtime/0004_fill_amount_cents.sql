-- Fill the amount in cents of older orders
--
-- Batches in the order of the primary key, each a transaction of its own. A run
-- that was interrupted starts over: the batches that are done cost a look, as
-- no row of theirs is without a value. The trigger fills in orders that come
-- meanwhile.
--
-- The downgrade has nothing to do: the values go with the column.
--
-- Revision ID: 0004_fill_amount_cents
-- Revises: 0003_add_amount_cents
-- Create Date: 2025-07-04 08:00:00+00

-- pgmig: upgrade no-transaction
DO $$
DECLARE
    batch CONSTANT int := 2000;
    done bigint;  -- every order up to this one has its value
    upto bigint;
BEGIN
    SELECT min(id) - 1 INTO done FROM orders;
    LOOP
        SELECT max(id) INTO upto
        FROM (SELECT id FROM orders WHERE id > done ORDER BY id LIMIT batch) AS next;
        EXIT WHEN upto IS NULL;

        UPDATE orders SET amount_cents = amount * 100
        WHERE id > done AND id <= upto AND amount_cents IS NULL;
        COMMIT;
        done := upto;
    END LOOP;
END
$$;

-- pgmig: downgrade
