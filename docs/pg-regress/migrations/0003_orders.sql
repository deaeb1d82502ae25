-- Create orders
--
-- Revision ID: orders
-- Revises: customers
-- Branch Labels: sales

-- pgmig: upgrade
CREATE TABLE customer_order (
    id       bigint PRIMARY KEY,
    customer bigint NOT NULL REFERENCES customer
);

-- pgmig: downgrade
DROP TABLE customer_order;
