-- Require the amount in cents of new orders
--
-- NOT VALID: the constraint holds for every row written from now on, and no row
-- is read to add it.
--
-- Revision ID: 0005_amount_cents_check
-- Revises: 0004_fill_amount_cents
-- Create Date: 2025-07-05 08:00:00+00

-- pgmig: upgrade
ALTER TABLE orders
    ADD CONSTRAINT orders_amount_cents_present CHECK (amount_cents IS NOT NULL) NOT VALID;

-- pgmig: downgrade
ALTER TABLE orders DROP CONSTRAINT orders_amount_cents_present;
