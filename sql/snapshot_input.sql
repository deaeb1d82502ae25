-- What is no snapshot, objects that are broken, and roles that may not see.
\set main :DBNAME
CREATE DATABASE pgmig_snapshot_input TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c pgmig_snapshot_input
SET client_min_messages = warning;
CREATE EXTENSION pgmig;
\pset null ''

-- Schemas.
SELECT pgmig_snapshot('{}');
SELECT pgmig_snapshot('{public,NULL}');
SELECT pgmig_snapshot('{missing}');
SELECT pgmig_snapshot('{"\"public\""}');
SELECT pgmig_fingerprint(schemas => '{missing}');
SELECT pgmig_fingerprint('approximate');
SELECT pgmig_compare(pgmig_snapshot(), pgmig_snapshot(), 'approximate');
SELECT pgmig_fingerprint(NULL::text) = pgmig_fingerprint('strict') AS same;
SELECT pgmig_fingerprint(NULL, NULL::text[]) = pgmig_fingerprint() AS same;
SELECT * FROM pgmig_compare(pgmig_snapshot('{public}'), pgmig_snapshot('{pgmig}'));
SELECT * FROM pgmig_compare(pgmig_snapshot('{public}'), pgmig_snapshot());
SELECT pgmig_fingerprint(NULL::jsonb);
SELECT pgmig_compare(NULL, pgmig_snapshot());
SELECT pgmig_compare(pgmig_snapshot(), NULL);

-- The answer to what is no snapshot: an error, or none.
CREATE FUNCTION answer(snapshot jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    RETURN left(pgmig_fingerprint(snapshot), 4);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' ', SQLSTATE, SQLERRM, '-', detail);
END $$;
SELECT s, answer(s::jsonb) FROM unnest(ARRAY[
    'null', '1', '"format"', 'true', '[]', '{}', '[{"format": 1}]',
    '{"format": null}', '{"format": "1"}', '{"format": [1]}', '{"format": 0}', '{"format": 2}', '{"format": 1e1000}', '{"format": -1}', '{"format": 1.5}',
    '{"format": 1}', '{"format": 1, "schemas": null}', '{"format": 1, "objects": {}}', '{"format": 1, "schemas": "public", "objects": {}}',
    '{"format": 1, "schemas": {}, "objects": {}}', '{"format": 1, "schemas": [1, null, ["x"]], "objects": {}}',
    '{"format": 1, "schemas": null, "objects": null}', '{"format": 1, "schemas": null, "objects": []}', '{"format": 1, "schemas": null, "objects": {}}',
    '{"format": 1, "schemas": null, "objects": {"tables": {}}}', '{"format": 1, "schemas": null, "objects": {"": {}}}',
    '{"format": 1, "schemas": null, "objects": {"table": null}}', '{"format": 1, "schemas": null, "objects": {"table": ["t"]}}',
    '{"format": 1, "schemas": null, "objects": {"table": {}}}', '{"format": 1, "schemas": null, "objects": {"table": {"t": 1}}}',
    '{"format": 1, "schemas": null, "objects": {"table": {"t": ["owner"]}}}', '{"format": 1, "schemas": null, "objects": {"table": {"": {}}}}']) s;

-- Damaged inside: never more than an error.  A part has itself as parent, has none, is twice the same.
SELECT change, kind, identity, property, a_value, b_value FROM pgmig_compare(
    '{"format": 1, "schemas": null, "objects": {"table": {"t": {"parent": 1, "depends": "x", "columns": 5, "grants": []}, "u": {"parent": {"table": "u"}}}, "constraint": {"c": {}}}}',
    '{"format": 1, "schemas": null, "objects": {"table": {"t": {"parent": {"x": "y"}, "depends": {"table": 1}, "columns": {"a": [null]}, "grants": "x"}}, "constraint": {"c": {"columns": null, "definition": {"a": 1}}, "d on t": {"parent": {"table": "t"}, "type": 7, "columns": {}}}}}');
SELECT change, kind, identity, property FROM pgmig_compare(
    '{"format": 1, "schemas": null, "objects": {"constraint": {"c": {"parent": {"constraint": "c"}}, "t_pkey on t": {"parent": {"table": "t"}, "type": "primary key"}, "t_pkey1 on t": {"parent": {"table": "t"}, "type": "primary key"}}, "table": {"t": {}}, "index": {"i": {"parent": {"constraint": "t_pkey on t"}}, "j": {"parent": {"index": "j"}}}}}',
    '{"format": 1, "schemas": null, "objects": {}}', 'logical');

-- Deep nesting.
SELECT depth, left(a_value, 10), left(b_value, 10) FROM unnest('{1,100,3000}'::int[]) depth, pgmig_compare(
    format('{"format": 1, "schemas": null, "objects": {"table": {"t": {"x": %s1%s}}}}', repeat('[', depth), repeat(']', depth))::jsonb,
    '{"format": 1, "schemas": null, "objects": {"table": {"t": {"x": 2}}}}');
SELECT depth, length(property), a_value, b_value FROM unnest('{1,100,3000}'::int[]) depth, pgmig_compare(
    format('{"format": 1, "schemas": null, "objects": {"table": {"t": {"x": %s1%s}}}}', repeat('{"a":', depth), repeat('}', depth))::jsonb,
    format('{"format": 1, "schemas": null, "objects": {"table": {"t": {"x": %s2%s}}}}', repeat('{"a":', depth), repeat('}', depth))::jsonb);

-- Every value of a snapshot in turn is taken out, or is another.
CREATE TABLE t (id serial PRIMARY KEY, v text COLLATE "C" CHECK (v <> ''), UNIQUE (v));
CREATE TABLE p (a int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE INDEX ON p (a);
CREATE VIEW vi AS SELECT id FROM t;
CREATE FUNCTION damage(part jsonb, path text[] DEFAULT '{}') RETURNS SETOF text[] LANGUAGE sql AS $$
SELECT path
UNION ALL
SELECT damage(e.value, path || e.key) FROM jsonb_each(CASE jsonb_typeof(part) WHEN 'object' THEN part ELSE '{}' END) e
UNION ALL
SELECT damage(e.value, path || (e.ordinality - 1)::text) FROM jsonb_array_elements(CASE jsonb_typeof(part) WHEN 'array' THEN part ELSE '[]' END) WITH ORDINALITY e
$$;
CREATE FUNCTION try(a jsonb, b jsonb, mode text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pgmig_fingerprint(b, mode), pgmig_compare(a, b, mode), pgmig_compare(b, a, mode);
    RETURN 'fine';
EXCEPTION WHEN invalid_parameter_value OR feature_not_supported THEN
    RETURN 'refused';
END $$;
WITH s AS MATERIALIZED (SELECT pgmig_snapshot('{public}') AS s),
     d AS MATERIALIZED (SELECT s, path FROM s, damage(s) AS path WHERE path <> '{}'),
     c AS (SELECT s, s #- path AS damaged FROM d
           UNION ALL
           SELECT s, jsonb_set(s, path, value::jsonb) FROM d, unnest('{"null",true,7,[],"{}","\"x\"","[null,{}]","{\"table\": \"public.t\"}","{\"a\":{\"b\":[{}]}}"}'::text[]) value)
SELECT count(*) > 3000 AS many, count(*) FILTER (WHERE result NOT IN ('fine', 'refused')) AS bad
FROM (SELECT try(s, damaged, mode) AS result FROM c, unnest('{strict,logical}'::text[]) mode) r;

-- The same of values and keys chosen at random.
SELECT count(*) FILTER (WHERE result NOT IN ('fine', 'refused')) AS bad FROM (
    SELECT try(s, replace(s::text, w, v)::jsonb, 'logical') AS result
    FROM (SELECT pgmig_snapshot('{public}') AS s) s,
        unnest('{table,column,constraint,public,parent,depends,columns,definition,type,index}'::text[]) w, unnest('{table,x,"",name,constraint,parent}'::text[]) v) r;

-- An index that is not valid, a view that cannot be read, a function whose language is gone.
CREATE TABLE i (a int);
INSERT INTO i VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY "in valid" ON i (a);
SELECT (pgmig_snapshot() #> '{objects,index,"public.\"in valid\""}') - 'depends'::text AS invalid;
CREATE VIEW broken AS SELECT a FROM i;
CREATE FUNCTION lost() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION fine() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT pgmig_snapshot('{public}') AS whole \gset
\set VERBOSITY terse
BEGIN;
SET LOCAL allow_system_table_mods = on;
DELETE FROM pg_rewrite WHERE ev_class = 'broken'::regclass;
UPDATE pg_class SET relhasrules = true WHERE oid = 'broken'::regclass;
UPDATE pg_proc SET prolang = 4242 WHERE proname = 'lost';
DELETE FROM pg_attribute WHERE attrelid = 'p1'::regclass AND attname = 'a';
SELECT change, kind, identity, property FROM pgmig_compare(:'whole', pgmig_snapshot('{public}'));
SELECT length(pgmig_fingerprint()), pgmig_fingerprint(schemas => '{public}') = pgmig_fingerprint(schemas => '{public}') AS same;
ROLLBACK;
SELECT count(*) FROM pgmig_compare(:'whole', pgmig_snapshot('{public}'));

-- Who may not read a catalog gets no snapshot.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE ROLE pgmig_blind;
BEGIN;
REVOKE SELECT ON pg_proc FROM PUBLIC;
SET LOCAL ROLE pgmig_blind;
SELECT pgmig_snapshot();
ROLLBACK;
DROP ROLE pgmig_blind;

\c :main
DROP DATABASE pgmig_snapshot_input;
