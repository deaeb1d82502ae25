-- Every downgrade brings back the schema from before its upgrade, and can be
-- followed by the upgrade again.
SET pgmig."concurrently" = off;
SET client_min_messages = warning;
BEGIN;
CREATE SCHEMA test;

-- What the migrations made, a line an object.  Make it say what your schema
-- consists of: functions, types, comments, privileges.
CREATE VIEW test.made AS
SELECT format('column %s.%s %s%s%s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
           CASE WHEN attnotnull THEN ' not null' END, ' default ' || pg_get_expr(adbin, adrelid)) AS line
FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace;

-- Take each revision up, down and up again, and return what differs.
CREATE FUNCTION test.check_downgrades() RETURNS TABLE (revision text, problem text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    id text;
    parent text;
    before text[];
    after text[];
    again text[];
BEGIN
    PERFORM pgmig_downgrade('base');
    FOR id, parent IN SELECT p.revision, coalesce(h.parents[1], 'base')
        FROM pgmig_plan('heads') p JOIN pgmig_history() h ON h.revision = p.revision ORDER BY p.step
    LOOP
        before := ARRAY(SELECT line FROM test.made);
        PERFORM pgmig_upgrade(id);
        after := ARRAY(SELECT line FROM test.made);
        PERFORM pgmig_downgrade(id || '@' || parent);
        again := ARRAY(SELECT line FROM test.made);
        RETURN QUERY SELECT id, 'the downgrade leaves ' || line
            FROM (SELECT unnest(again) EXCEPT SELECT unnest(before)) l (line);
        RETURN QUERY SELECT id, 'the downgrade loses ' || line
            FROM (SELECT unnest(before) EXCEPT SELECT unnest(again)) l (line);
        PERFORM pgmig_upgrade(id);
        again := ARRAY(SELECT line FROM test.made);
        RETURN QUERY SELECT id, 'the second upgrade differs in ' || line
            FROM ((SELECT unnest(again) EXCEPT SELECT unnest(after))
                UNION (SELECT unnest(after) EXCEPT SELECT unnest(again))) l (line);
    END LOOP;
END $$;

SELECT * FROM test.check_downgrades() ORDER BY revision COLLATE "C", problem COLLATE "C";
ROLLBACK;
