-- Rows from before a revision are what they should be after it, and after its
-- downgrade.  The transaction takes everything back, the schema too.
SET pgmig."concurrently" = off;
BEGIN;
SELECT pgmig_downgrade('customers');
INSERT INTO customer VALUES (1, 'ann@example.com'), (2, NULL);
-- This test is about rows, not about steps.
SET LOCAL client_min_messages = warning;
SELECT count(*) AS steps FROM pgmig_upgrade('head') \gset
\echo :steps
SELECT * FROM customer ORDER BY id;
SELECT count(*) AS steps FROM pgmig_downgrade('customers') \gset
SELECT * FROM customer ORDER BY id;
ROLLBACK;
SELECT revision FROM pgmig_current();
