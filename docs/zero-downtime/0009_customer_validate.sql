-- Check that every order has its customer
--
-- Reads both tables, under locks that let others read and write them. An order
-- without a customer is an error, and then nothing has changed.
--
-- Revision ID: 0009_customer_validate
-- Revises: 0008_customer_foreign_key
-- Create Date: 2025-07-06 08:10:00+00

-- pgmig: upgrade
ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_fkey;

-- pgmig: downgrade
ALTER TABLE orders
    DROP CONSTRAINT orders_customer_id_fkey,
    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer (id) NOT VALID;
