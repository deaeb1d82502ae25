-- Make the amount in cents NOT NULL
--
-- The validated constraint proves that no value is missing, so no row is read.
-- Then it is of no use any more.
--
-- The downgrade brings the validated constraint back in three steps that each
-- commit, so that no strong lock is held while the table is read.
--
-- Revision ID: 0007_amount_cents_not_null
-- Revises: 0006_amount_cents_validate
-- Create Date: 2025-07-05 08:20:00+00

-- pgmig: upgrade
ALTER TABLE orders ALTER COLUMN amount_cents SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_amount_cents_present;

-- pgmig: downgrade no-transaction
ALTER TABLE orders
    ADD CONSTRAINT orders_amount_cents_present CHECK (amount_cents IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_amount_cents_present;
ALTER TABLE orders ALTER COLUMN amount_cents DROP NOT NULL;
