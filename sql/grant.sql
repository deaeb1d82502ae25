-- pgmig_grant
CREATE EXTENSION pgmig;
\set VERBOSITY default
CREATE ROLE "Röle; ""x""";
CREATE ROLE pgmig_plain;
SELECT pgmig_grant('Röle; "x"', 'owner');
SELECT pgmig_grant('Röle; "x"', '');
SELECT pgmig_grant('no such role', 'reader');
SELECT pgmig_grant('Röle; "x"', NULL);
SELECT pgmig_grant(NULL, 'reader');
\set VERBOSITY terse
SELECT pgmig_grant('none', 'reader');
SELECT pgmig_grant('pgmig_plain; DROP SCHEMA pgmig CASCADE', 'reader');

CREATE TEMP VIEW rights AS
SELECT r.rolname, p.oid::regprocedure AS function
FROM pg_proc p, aclexplode(p.proacl) a, pg_roles r
WHERE p.proname LIKE 'pgmig\_%' AND r.oid = a.grantee AND r.rolname ~ '(x|plain)'
ORDER BY r.rolname, p.oid::regprocedure::text COLLATE "C";
SELECT pgmig_grant('Röle; "x"', 'reader');
TABLE rights;
SELECT has_table_privilege('Röle; "x"', 'pgmig.revision', 'SELECT') AS reads,
       has_table_privilege('Röle; "x"', 'pgmig.revision', 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES') AS writes;
SELECT pgmig_grant('Röle; "x"', 'author');
TABLE rights;
SELECT pgmig_grant('pgmig_plain', 'runner');
SELECT pgmig_grant('pgmig_plain', 'runner');  -- twice is once
SELECT * FROM rights WHERE rolname = 'pgmig_plain';
SELECT has_schema_privilege('pgmig_plain', 'pgmig', 'USAGE') AS in_schema;

-- Every function that PUBLIC may not execute is some kind's, but for those of
-- the owner.
SELECT p.oid::regprocedure
FROM pg_proc p
WHERE p.proname LIKE 'pgmig\_%' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
  AND NOT EXISTS (SELECT FROM rights r WHERE r.function = p.oid)
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- The caller's own rights decide.
GRANT EXECUTE ON FUNCTION pgmig_grant(name, text) TO pgmig_plain;
SET ROLE pgmig_plain;
\set VERBOSITY default
SELECT pgmig_grant('pgmig_plain', 'author');
\set VERBOSITY terse
RESET ROLE;
SELECT * FROM rights WHERE rolname = 'pgmig_plain' AND function::text ~ 'import|load';

-- Types of the same names in the way do not matter.
CREATE SCHEMA "Evil;";
CREATE DOMAIN "Evil;".text AS int;
CREATE DOMAIN "Evil;".bool AS int;
SET search_path = "Evil;", pg_catalog, public;
SELECT public.pgmig_grant('pgmig_plain', 'author');
RESET search_path;
SELECT count(*) FROM rights WHERE rolname = 'pgmig_plain' AND function::text ~ 'import|load';

-- All of the public
SELECT pgmig_grant('public', 'runner');
SELECT has_function_privilege('public', 'pgmig_upgrade(text, text)', 'EXECUTE');

-- All of it, to be passed on; but not the tables themselves.
CREATE ROLE pgmig_plain_administrator;
SELECT pgmig_grant('pgmig_plain_administrator', 'administrator');
SELECT bool_and(has_function_privilege('pgmig_plain_administrator', p.oid, 'EXECUTE WITH GRANT OPTION')) AS functions
FROM pg_proc p
WHERE p.proname LIKE 'pgmig\_%' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND NOT has_function_privilege('public', p.oid, 'EXECUTE');
SELECT c.oid::regclass FROM pg_class c
WHERE c.relnamespace = 'pgmig'::regnamespace AND c.relkind = 'r'
  AND (NOT has_table_privilege('pgmig_plain_administrator', c.oid, 'SELECT WITH GRANT OPTION')
       OR NOT has_table_privilege('pgmig_plain_administrator', c.oid, 'INSERT')
       OR NOT has_table_privilege('pgmig_plain_administrator', c.oid, 'UPDATE')
       OR NOT has_table_privilege('pgmig_plain_administrator', c.oid, 'DELETE')
       OR has_table_privilege('pgmig_plain_administrator', c.oid, 'TRUNCATE, TRIGGER, REFERENCES'));
REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM public, pgmig_plain CASCADE;
SET ROLE pgmig_plain_administrator;
SELECT pgmig_grant('pgmig_plain', 'reader');
SELECT pgmig_grant('pgmig_plain', 'runner');
RESET ROLE;
SELECT * FROM rights WHERE rolname = 'pgmig_plain';

SELECT pgmig_revoke('pgmig_plain_administrator');
SELECT * FROM rights WHERE rolname LIKE 'pgmig_plain%';
SELECT pgmig_revoke('pgmig_plain');
SELECT pgmig_revoke('Röle; "x"');
SELECT pgmig_revoke('public');
SELECT count(*) FROM rights;
SELECT pgmig_revoke('no such role');
SELECT pgmig_revoke(NULL);

DROP VIEW rights;
DROP SCHEMA "Evil;" CASCADE;
DROP EXTENSION pgmig;
DROP OWNED BY "Röle; ""x""", pgmig_plain, pgmig_plain_administrator;
DROP ROLE "Röle; ""x""", pgmig_plain, pgmig_plain_administrator;
