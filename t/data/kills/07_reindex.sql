-- Rebuild indexes
--
-- Revision ID: reindex
-- Revises: indexes

-- pgmig: upgrade no-transaction
REINDEX INDEX CONCURRENTLY shop.item_sku_idx;
REINDEX TABLE CONCURRENTLY shop.item;
VACUUM (ANALYZE) shop.item;

-- pgmig: downgrade no-transaction
REINDEX (CONCURRENTLY) TABLE shop.item;
REINDEX SCHEMA CONCURRENTLY shop;
