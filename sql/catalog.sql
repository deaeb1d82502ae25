-- What the extension is made of, asked of the system catalogs, so that a new
-- object cannot forget what all of them need.
CREATE EXTENSION pgmig;

CREATE TEMP TABLE member AS
SELECT d.classid, d.objid
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND e.extname = 'pgmig';
-- (From 17 on, the row types of its tables belong to it as well.)
SELECT classid::regclass::text AS kind FROM member WHERE classid <> 'pg_type'::regclass GROUP BY 1 ORDER BY 1;

-- Dumped with their rows: every table and sequence.
SELECT c.oid::regclass
FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid,
     pg_extension e
WHERE e.extname = 'pgmig' AND c.relkind IN ('r', 'p', 'S') AND c.oid <> ALL (e.extconfig)
ORDER BY 1;
SELECT u.relation::regclass, u.condition
FROM pg_extension, unnest(extconfig, extcondition) u (relation, condition)
WHERE extname = 'pgmig' ORDER BY u.relation::regclass::text COLLATE "C";

-- Nobody but the owner reaches the tables.
SELECT c.oid::regclass
FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relacl IS NOT NULL AND c.relacl <> acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
ORDER BY 1;
SELECT has_schema_privilege('public', 'pgmig', 'USAGE, CREATE') AS public_in_schema;

-- Names and labels compare byte by byte.
SELECT c.oid::regclass, a.attname, a.attcollation::regcollation
FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
     JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND a.attnum > 0 AND a.attcollation <> '"C"'::regcollation
  AND a.attname IN ('revision', 'parent', 'dependency', 'label', 'scope', 'checksum')
ORDER BY 1, 2;

-- Every table has the guard against migration bodies, and all triggers fire.
SELECT c.oid::regclass
FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind = 'r'
  AND NOT EXISTS (SELECT FROM pg_trigger t
                  WHERE t.tgrelid = c.oid AND t.tgname = 'guard' AND t.tgenabled = 'A'
                    AND t.tgtype & 62 = 62)  -- before insert, delete, update, truncate
ORDER BY 1;

-- Commented: schema, tables, functions, event triggers.
SELECT pg_describe_object(m.classid, m.objid, 0)
FROM member m LEFT JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE m.classid IN ('pg_namespace'::regclass, 'pg_class'::regclass, 'pg_proc'::regclass, 'pg_event_trigger'::regclass)
  AND c.relkind IS DISTINCT FROM 'S' AND c.relkind IS DISTINCT FROM 'i'
  AND obj_description(m.objid, m.classid::regclass::name) IS NULL
ORDER BY 1;

-- Functions: in the extension's schema, named pgmig_..., in C, as the caller.
CREATE TEMP VIEW member_function AS
SELECT p.* FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;
SELECT p.oid::regprocedure
FROM member_function p, pg_language l, pg_extension e
WHERE l.oid = p.prolang AND e.extname = 'pgmig'
  AND NOT (p.pronamespace = e.extnamespace AND p.proname LIKE 'pgmig\_%' AND l.lanname = 'c' AND NOT p.prosecdef)
ORDER BY 1;
-- Every argument has a name.
SELECT oid::regprocedure FROM member_function
WHERE pronargs > 0 AND (proargnames IS NULL OR '' = ANY (proargnames[1:pronargs]))
ORDER BY 1;
-- Volatile functions, and those that show bodies, PUBLIC may not execute; none
-- is parallel safe, but for those that read nothing.
SELECT oid::regprocedure, provolatile, proparallel FROM member_function
WHERE (provolatile = 'v' OR proname ~ '_(show|export|sql|guard_log|check|recorded)$') = has_function_privilege('public', oid, 'EXECUTE')
  OR (proparallel = 's') <> (proname = 'pgmig_version' OR provolatile = 'i')
ORDER BY 1;

-- The functions of triggers are for triggers.
SELECT pgmig_trigger_edges();
SELECT pgmig_trigger_applied();
SELECT pgmig_trigger_checksum();
SELECT pgmig_trigger_name();
SELECT pgmig_trigger_references();
SELECT pgmig_trigger_guard();
SELECT pgmig_trigger_changed();
SELECT pgmig_trigger_record();
SELECT pgmig_event_start();
SELECT pgmig_event_end();
SELECT pgmig_event_drop();

DROP VIEW member_function;
DROP TABLE member;
DROP EXTENSION pgmig;
-- Nothing stays.
SELECT to_regnamespace('pgmig') IS NULL AS gone,
       (SELECT count(*) FROM pg_proc WHERE proname LIKE 'pgmig\_%') AS functions;
