-- Indexes of items
--
-- Two are made without a name, of which one would get the name of an index that
-- is there already. One says IF NOT EXISTS, and one becomes a constraint.
--
-- Revision ID: indexes
-- Revises: columns

-- pgmig: upgrade no-transaction
SET search_path = shop, pg_temp;
CREATE INDEX CONCURRENTLY item_sku_idx ON item (sku);
SET maintenance_work_mem = '1MB';
CREATE UNIQUE INDEX CONCURRENTLY item_sku_unique ON item (lower(sku), id);
CREATE INDEX CONCURRENTLY item_cheap_idx ON item (price) INCLUDE (sku) WHERE price < 50;
CREATE INDEX CONCURRENTLY ON item (price);
CREATE INDEX CONCURRENTLY ON item ((price * quantity), (sku || '/' || id));
CREATE INDEX CONCURRENTLY IF NOT EXISTS item_quantity_idx ON item USING brin (quantity);
CREATE UNIQUE INDEX CONCURRENTLY item_key ON item (sku);
ALTER TABLE item ADD CONSTRAINT item_sku_key UNIQUE USING INDEX item_key;

-- pgmig: downgrade no-transaction
SET search_path = shop, pg_temp;
ALTER TABLE item DROP CONSTRAINT item_sku_key;
DROP INDEX CONCURRENTLY IF EXISTS item_quantity_idx;
DROP INDEX CONCURRENTLY item_expr_expr1_idx;
DROP INDEX CONCURRENTLY item_price_idx1;
DROP INDEX CONCURRENTLY shop.item_cheap_idx;
DROP INDEX CONCURRENTLY item_sku_unique;
DROP INDEX CONCURRENTLY item_sku_idx;
