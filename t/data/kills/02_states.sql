-- Items are shipped
--
-- A new value of an enum can be used only after it was committed.
--
-- Revision ID: states
-- Revises: items

-- pgmig: upgrade no-transaction
ALTER TYPE shop.state ADD VALUE 'shipped';
UPDATE shop.item SET state = 'shipped', quantity = quantity + 1 WHERE id % 3 = 0;
ALTER TYPE shop.state ADD VALUE 'packed' BEFORE 'shipped';
UPDATE shop.item SET state = 'packed', quantity = quantity + 1 WHERE id % 3 = 1;

-- pgmig: downgrade
UPDATE shop.item SET quantity = quantity - 1 WHERE id % 3 IN (0, 1);
ALTER TABLE shop.item ADD CONSTRAINT undone CHECK (quantity = id % 13);
ALTER TABLE shop.item DROP CONSTRAINT undone;
ALTER TABLE shop.item ALTER COLUMN state DROP DEFAULT;
ALTER TYPE shop.state RENAME TO state_old;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
ALTER TABLE shop.item ALTER COLUMN state TYPE shop.state
    USING (CASE WHEN id % 2 = 0 THEN 'new' ELSE 'paid' END)::shop.state;
ALTER TABLE shop.item ALTER COLUMN state SET DEFAULT 'new';
DROP TYPE shop.state_old;
