-- Fill by CALL
--
-- Revision ID: fill_call
-- Revises: fill_do

-- pgmig: upgrade no-transaction
CALL shop.fill(1, 250);
CALL shop.mark(1);
ALTER TABLE shop.item ADD CONSTRAINT called CHECK (by_call = 1 AND by_update = 11);

-- pgmig: downgrade no-transaction
ALTER TABLE shop.item DROP CONSTRAINT called;
CALL shop.mark(-1);
CALL shop.fill(-1, 300);
