-- Add what is filled later
--
-- Revision ID: columns
-- Revises: states
-- Branch Labels: filling

-- pgmig: upgrade
ALTER TABLE shop.item
    ADD COLUMN by_do integer NOT NULL DEFAULT 0,
    ADD COLUMN by_call integer NOT NULL DEFAULT 0,
    ADD COLUMN by_update integer NOT NULL DEFAULT 0;
CREATE INDEX item_price_idx ON shop.item (price, id);
CREATE PROCEDURE shop.fill(step integer, batch integer)
LANGUAGE plpgsql
AS $$
DECLARE
    start integer;
BEGIN
    LOOP
        SELECT last INTO STRICT start FROM shop.progress WHERE name = 'call';
        EXIT WHEN step > 0 AND start >= 3000 OR step < 0 AND start <= 0;
        IF step < 0 THEN
            start := start - batch;
        END IF;
        UPDATE shop.item SET by_call = by_call + step
        WHERE id > start AND id <= start + batch;
        UPDATE shop.progress SET last = last + step * batch WHERE name = 'call';
        COMMIT;
    END LOOP;
END;
$$;
CREATE PROCEDURE shop.mark(step integer)
LANGUAGE sql
AS $$ UPDATE shop.item SET by_update = by_update + 10 * step $$;

-- pgmig: downgrade
ALTER TABLE shop.item ADD CHECK (by_do = 0 AND by_call = 0 AND by_update = 0);
DROP PROCEDURE shop.mark(integer);
DROP PROCEDURE shop.fill(integer, integer);
DROP INDEX shop.item_price_idx;
ALTER TABLE shop.item
    DROP COLUMN by_update,
    DROP COLUMN by_call,
    DROP COLUMN by_do;
