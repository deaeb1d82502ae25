-- Add the status of a customer
--
-- Customers who are there already count as active.
--
-- Revision ID: status
-- Revises: customers

-- pgmig: upgrade
ALTER TABLE customer ADD COLUMN status text;
UPDATE customer SET status = 'active';
ALTER TABLE customer ALTER COLUMN status SET NOT NULL;

-- pgmig: downgrade
ALTER TABLE customer DROP COLUMN status;
