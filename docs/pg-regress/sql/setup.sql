-- The first test: load the migrations and bring the database to the head.
-- The other tests find it there, and leave it there.
\set doc `awk 'FNR == 1 { print "" } 1' migrations/*.sql`
SELECT * FROM pgmig_import(:'doc', 'migrations');
-- One transaction for all: nobody else works here.
SET pgmig."concurrently" = off;
SELECT pgmig_upgrade('head');
-- Every revision is applied.
SELECT revision FROM pgmig_current(check_heads => true);
