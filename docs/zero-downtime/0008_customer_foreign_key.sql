-- Let new orders refer to a customer
--
-- NOT VALID: checked for every row written from now on. The lock on both tables
-- stops writers, not readers, and is not held for long.
--
-- Revision ID: 0008_customer_foreign_key
-- Revises: 0007_amount_cents_not_null
-- Create Date: 2025-07-06 08:00:00+00

-- pgmig: upgrade
ALTER TABLE orders
    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer (id) NOT VALID;

-- pgmig: downgrade
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;
