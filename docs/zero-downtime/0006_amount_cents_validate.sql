-- Check that every order has its amount in cents
--
-- Reads the whole table, under a lock that lets others read and write it.
--
-- Revision ID: 0006_amount_cents_validate
-- Revises: 0005_amount_cents_check
-- Create Date: 2025-07-05 08:10:00+00

-- pgmig: upgrade
ALTER TABLE orders VALIDATE CONSTRAINT orders_amount_cents_present;

-- pgmig: downgrade
ALTER TABLE orders
    DROP CONSTRAINT orders_amount_cents_present,
    ADD CONSTRAINT orders_amount_cents_present CHECK (amount_cents IS NOT NULL) NOT VALID;
