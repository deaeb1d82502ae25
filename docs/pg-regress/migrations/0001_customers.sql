-- Create customers
--
-- Revision ID: customers
-- Revises:

-- pgmig: upgrade
CREATE TABLE customer (
    id    bigint PRIMARY KEY,
    email text
);

-- pgmig: downgrade
DROP TABLE customer;
