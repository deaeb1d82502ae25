-- Every function is called with nulls, with empty values and with text that
-- means nothing.  It answers, or says what is wrong and what to do; no error
-- is an internal one.
CREATE EXTENSION pgmig;
SELECT * FROM pgmig_import($$
-- first
--
-- Revision ID: a"B;é

-- pgmig: upgrade
-- pgmig: downgrade
$$);

CREATE FUNCTION pg_temp.try(call text, OUT outcome text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    outcome := 'returns';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS outcome = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
END $$;

-- The same value for every argument that is not a truth value.
CREATE FUNCTION pg_temp.calls(kind text) RETURNS TABLE (signature text, call text) LANGUAGE sql AS $$
    SELECT p.oid::regprocedure::text,
           format(CASE p.prokind WHEN 'p' THEN 'CALL %s(%s)' ELSE 'SELECT * FROM %s(%s)' END,
                  p.oid::regproc,
                  (SELECT string_agg(CASE WHEN kind = 'null' OR t.typ IN ('bool'::regtype, 'name'::regtype, 'int8'::regtype, 'interval'::regtype) THEN format('NULL::%s', t.typ::regtype)
                                          WHEN t.typ = 'text[]'::regtype THEN quote_literal(CASE kind WHEN 'empty' THEN '{}' ELSE '{NULL}' END) || '::text[]'
                                          WHEN t.typ = 'jsonb'::regtype THEN quote_literal(CASE kind WHEN 'empty' THEN '{}' ELSE '[{"é": null}]' END) || '::jsonb'
                                          ELSE quote_literal(CASE kind WHEN 'empty' THEN '' ELSE E'\x01 "é'';--\n@+' END) || format('::%s', t.typ::regtype) END,
                                     ', ' ORDER BY t.n)
                   FROM unnest(p.proargtypes) WITH ORDINALITY t (typ, n)))
    FROM pg_proc p
         JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'pgmig' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    ORDER BY p.oid::regprocedure::text COLLATE "C"
$$;
CREATE TEMP TABLE outcome AS
SELECT kind, c.signature, c.call, t.*
FROM unnest(ARRAY['null', 'empty', 'nonsense']) kind, pg_temp.calls(kind) c, pg_temp.try(c.call) t;
-- Internal errors, and errors without a hint that are not those of the parser.
SELECT kind, call, outcome FROM outcome
WHERE outcome LIKE 'XX%' OR outcome NOT IN ('returns', '42601') AND hint = ''
ORDER BY kind, signature COLLATE "C";
-- What answers.
SELECT signature, string_agg(kind, ', ' ORDER BY kind) FROM outcome WHERE outcome = 'returns' GROUP BY signature
ORDER BY signature COLLATE "C";

-- Trigger functions called as if they were none.
SELECT p.proname, t.outcome
FROM pg_proc p, pg_temp.try(format('SELECT %s()', p.oid::regproc)) t
WHERE p.proname ~ '^pgmig_(trigger|event)_' AND p.proname <> 'pgmig_trigger_guard'
ORDER BY 1;

-- Nothing has changed.
SELECT revision, is_current FROM pgmig_history();
SELECT count(*) FROM pgmig.run WHERE operation <> 'accept';
DROP TABLE outcome;
DROP EXTENSION pgmig;
