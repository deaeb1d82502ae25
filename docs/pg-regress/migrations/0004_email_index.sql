-- Find customers by e-mail address
--
-- Revision ID: email_index
-- Revises: status, orders

-- pgmig: upgrade no-transaction
CREATE UNIQUE INDEX CONCURRENTLY customer_email_key ON customer (lower(email));

-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY customer_email_key;
