-- One set of revisions for the schemas of several tenants
CREATE EXTENSION pgmig;
CREATE SCHEMA tenant_a;
CREATE SCHEMA "Tenant B"";, ü";
CREATE TABLE shared (a int);

SELECT * FROM pgmig_import($doc$
-- accounts
-- Revision ID: accounts
-- pgmig: upgrade
CREATE TABLE accounts (id int);
INSERT INTO shared VALUES (1);
SELECT set_config('search_path', 'pg_catalog', false);
-- pgmig: downgrade
DROP TABLE accounts;
-- names
-- Revision ID: names
-- Revises: accounts
-- pgmig: upgrade
ALTER TABLE accounts ADD COLUMN name text;
-- pgmig: downgrade
ALTER TABLE accounts DROP COLUMN name;
$doc$);

SET pgmig.scope = 'tenant_a';
SELECT * FROM pgmig_upgrade();
SHOW search_path;
SET pgmig.scope = 'Tenant B"";, ü';
SELECT * FROM pgmig_upgrade();
SET pgmig.scope = 'Tenant B";, ü';
SELECT revision FROM pgmig_current();
SELECT * FROM pgmig_upgrade('accounts');
SELECT revision FROM pgmig_current();
SHOW search_path;
SELECT n.nspname, c.relname, a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN ('accounts', 'shared') AND a.attnum > 0
    ORDER BY n.nspname COLLATE "C", attnum;

-- Each has its own state and log
RESET pgmig.scope;
SELECT count(*) FROM pgmig_current();
SELECT count(*) FROM pgmig_log();
SET pgmig.scope = 'tenant_a';
SELECT revision FROM pgmig_current();
SELECT operation, revision FROM pgmig_log();
SELECT scope, revision FROM pgmig.applied ORDER BY scope, revision;

-- With an empty search_path and with a hostile one
SET search_path = '';
SELECT * FROM public.pgmig_downgrade('accounts');
SHOW search_path;
SET search_path = "no, such", "Tenant B"";, ü", public;
SELECT * FROM pgmig_upgrade();
SHOW search_path;
RESET search_path;

-- A schema that is not there: nothing happens
SET pgmig.scope = 'tenant_c';
SELECT * FROM pgmig_upgrade();
SELECT count(*) FROM pgmig.applied WHERE scope = 'tenant_c';
SET pgmig.scope = '$user';
SELECT * FROM pgmig_upgrade();
SET pgmig.scope = 'pg_temp';
SELECT * FROM pgmig_upgrade();
-- The state alone can be set
SET pgmig.scope = 'tenant_c';
SELECT * FROM pgmig_stamp('accounts');

-- A body cannot change where it is recorded
SELECT * FROM pgmig_import($doc$
-- other scope
-- Revision ID: other
-- Revises: names
-- pgmig: upgrade
SET pgmig.scope = 'tenant_c';
CREATE TABLE other (a int);
RESET ALL;
$doc$);
SET pgmig.scope = 'tenant_a';
SELECT pgmig_upgrade();
SHOW pgmig.scope;
SELECT scope, revision FROM pgmig.applied ORDER BY scope, revision;
SELECT to_regclass('tenant_a.other');

RESET pgmig.scope;
DROP EXTENSION pgmig;
DROP SCHEMA tenant_a CASCADE;
DROP SCHEMA "Tenant B"";, ü" CASCADE;
DROP TABLE shared;
