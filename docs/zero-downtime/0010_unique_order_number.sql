-- Make order numbers unique
--
-- The index is built beside the running shop. The constraint takes it over
-- without reading a row, but needs a lock that stops everybody for a moment:
-- it must not queue for that for long, hence the second setting.
--
-- Revision ID: 0010_unique_order_number
-- Revises: 0009_customer_validate
-- Create Date: 2025-07-07 08:00:00+00

-- pgmig: upgrade no-transaction
SET lock_timeout = 0;
CREATE UNIQUE INDEX CONCURRENTLY orders_order_number_key ON orders (order_number);
SET lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT orders_order_number_key UNIQUE USING INDEX orders_order_number_key;

-- pgmig: downgrade
ALTER TABLE orders DROP CONSTRAINT orders_order_number_key;
