-- Fill by DO
--
-- In batches that are committed, then at once.
--
-- Revision ID: fill_do
-- Revises: reindex

-- pgmig: upgrade no-transaction
SET search_path = shop, pg_temp;
SET shop.batch = '250';
DO $$
DECLARE
    batch integer := current_setting('shop.batch');
    start integer;
BEGIN
    LOOP
        SELECT last INTO STRICT start FROM shop.progress WHERE name = 'do';
        EXIT WHEN start >= 3000;
        UPDATE shop.item SET by_do = by_do + 1 WHERE id > start AND id <= start + batch;
        UPDATE shop.progress SET last = start + batch WHERE name = 'do';
        COMMIT;
    END LOOP;
END;
$$;
DO $$
BEGIN
    UPDATE item SET by_do = by_do + 10;
END;
$$;
UPDATE item SET by_update = by_update + 1;
INSERT INTO public.ledger SELECT 10000 + id, by_do, 'item ' || sku FROM item WHERE id % 10 = 0;
ALTER TABLE item ADD CONSTRAINT filled CHECK (by_do = 11) NOT VALID;
ALTER TABLE item VALIDATE CONSTRAINT filled;

-- pgmig: downgrade no-transaction
SET search_path = shop, pg_temp;
ALTER TABLE item DROP CONSTRAINT filled;
DELETE FROM public.ledger WHERE id > 10000;
UPDATE item SET by_update = by_update - 1;
DO $$
BEGIN
    UPDATE item SET by_do = by_do - 10;
END;
$$;
DO $$
DECLARE
    start integer;
BEGIN
    LOOP
        SELECT last INTO STRICT start FROM shop.progress WHERE name = 'do';
        EXIT WHEN start <= 0;
        UPDATE shop.item SET by_do = by_do - 1 WHERE id > start - 300 AND id <= start;
        UPDATE shop.progress SET last = start - 300 WHERE name = 'do';
        COMMIT;
    END LOOP;
END;
$$;
