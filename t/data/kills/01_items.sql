-- Create items
--
-- Revision ID: items
-- Revises:

-- pgmig: upgrade
CREATE SCHEMA shop;
GRANT USAGE, CREATE ON SCHEMA shop TO shop_owner;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.item (
    id       integer PRIMARY KEY,
    sku      text NOT NULL,
    price    numeric(10,2) NOT NULL,
    quantity integer NOT NULL,
    state    shop.state NOT NULL DEFAULT 'new'
);
INSERT INTO shop.item
SELECT i, 'sku-' || i, i % 97 + 1, i % 13,
       (CASE WHEN i % 2 = 0 THEN 'new' ELSE 'paid' END)::shop.state
FROM generate_series(1, 3000) AS i;
CREATE TABLE shop.progress (
    name text PRIMARY KEY,
    last integer NOT NULL
);
INSERT INTO shop.progress VALUES ('do', 0), ('call', 0);
UPDATE public.ledger SET amount = amount + 1;

-- pgmig: downgrade
UPDATE public.ledger SET amount = amount - 1;
DROP TABLE shop.progress;
DROP TABLE shop.item;
DROP TYPE shop.state;
DROP SCHEMA shop;
