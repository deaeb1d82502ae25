-- Make items compact
--
-- Revision ID: vacuum
-- Revises: finish

-- pgmig: upgrade no-transaction
VACUUM (FULL, ANALYZE) shop.item;
VACUUM public.ledger;
ALTER TABLE shop.item SET (fillfactor = 90);

-- pgmig: downgrade no-transaction
ALTER TABLE shop.item RESET (fillfactor);
VACUUM shop.item;
