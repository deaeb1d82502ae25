-- Totals
--
-- Revision ID: finish
-- Revises: merge

-- pgmig: upgrade
SET search_path = shop, public;
CREATE MATERIALIZED VIEW total AS SELECT state, count(*) AS items, sum(price * quantity) AS worth FROM item GROUP BY state;
CREATE UNIQUE INDEX total_key ON total (state);
REFRESH MATERIALIZED VIEW CONCURRENTLY total;
UPDATE ledger SET amount = amount + 100 WHERE id <= 10000;
ALTER TABLE item ADD COLUMN note text;
UPDATE item SET note = 'sold ' || by_do || '/' || by_call WHERE state = 'shipped';

-- pgmig: downgrade
ALTER TABLE public.ledger ADD CONSTRAINT added CHECK (id > 10000 OR amount = id % 100 + 101);
ALTER TABLE public.ledger DROP CONSTRAINT added;
ALTER TABLE shop.item DROP COLUMN note;
UPDATE public.ledger SET amount = amount - 100 WHERE id <= 10000;
DROP MATERIALIZED VIEW shop.total;
