-- Calls from functions, cursors, prepared statements and odd queries
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- one
-- Revision ID: c1
-- pgmig: upgrade
CREATE TABLE c (a int);
-- pgmig: downgrade
DROP TABLE c;
-- two
-- Revision ID: c2
-- Revises: c1
-- pgmig: upgrade
ALTER TABLE c ADD COLUMN b int;
INSERT INTO c VALUES (1, 1);
-- pgmig: downgrade
ALTER TABLE c DROP COLUMN b;
-- three
-- Revision ID: c3
-- Revises: c2
-- pgmig: upgrade
ALTER TABLE c ADD COLUMN d int;
-- pgmig: downgrade
ALTER TABLE c DROP COLUMN d;
$doc$);
-- Downgrade, and see that the session is as it was
\set reset 'SELECT count(*) FROM pgmig_downgrade(''base''); SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = ''advisory'';'

-- PL/pgSQL: PERFORM, assignment, loop, dynamic
DO $$
DECLARE
    r text;
    n int;
BEGIN
    PERFORM pgmig_upgrade('c1');
    FOR r IN SELECT * FROM pgmig_upgrade() LOOP
        RAISE NOTICE 'ran %', r;
        SELECT count(*) INTO n FROM c;
    END LOOP;
    EXECUTE 'SELECT pgmig_downgrade($1)' USING 'c1';
    r := (SELECT string_agg(u, ',') FROM pgmig_upgrade() u);
    RAISE NOTICE 'ran %', r;
END
$$;
:reset

-- An exception block frees the lock and takes the steps back
BEGIN;
DO $$
BEGIN
    PERFORM pgmig_upgrade();
    PERFORM 1 / 0;
EXCEPTION WHEN division_by_zero THEN
    RAISE NOTICE 'locks %, applied %, table %',
        (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
        (SELECT count(*) FROM pgmig.applied), to_regclass('c');
END
$$;
COMMIT;

-- Functions with the rights of their owner and their own search_path
CREATE ROLE regress_pgmig_caller;
CREATE FUNCTION migrate(target text) RETURNS SETOF text LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS
$$BEGIN
    RETURN QUERY SELECT * FROM public.pgmig_upgrade(target);
END$$;
SET ROLE regress_pgmig_caller;
SELECT pgmig_upgrade();
SELECT * FROM migrate('c2');
SELECT current_user;
RESET ROLE;
SELECT tableowner = session_user AS mine FROM pg_tables WHERE tablename = 'c';
SELECT role = session_user AS mine FROM pgmig.run ORDER BY run DESC LIMIT 1;
SELECT pgmig_grant('regress_pgmig_caller', 'runner');
-- A body cannot leave the function's rights
SELECT FROM pgmig_edit('c3', 'SET ROLE regress_pgmig_caller');
SELECT * FROM migrate('c3');
SELECT FROM pgmig_edit('c3', 'ALTER TABLE c ADD COLUMN d int');
CREATE FUNCTION migrate_sql() RETURNS SETOF text LANGUAGE sql AS 'SELECT pgmig_upgrade()';
SELECT * FROM migrate_sql();
:reset

-- Prepared statements, also when the body throws plans away
PREPARE up AS SELECT * FROM pgmig_upgrade($1);
EXECUTE up ('c2');
EXECUTE up ('c2');
EXECUTE up ('head');
:reset
EXECUTE up ('c1');
SELECT FROM pgmig_edit('c2', 'ALTER TABLE c ADD COLUMN b int; DISCARD PLANS; SELECT 1;');
EXECUTE up ('head');
EXECUTE up ('head');
:reset

-- Cursors: the whole run takes place at the first FETCH
BEGIN;
DECLARE cur CURSOR FOR SELECT * FROM pgmig_upgrade();
SELECT count(*) FROM pgmig.applied;
FETCH 1 FROM cur;
SELECT count(*) FROM pgmig.applied;
FETCH ALL FROM cur;
CLOSE cur;
COMMIT;
:reset
BEGIN;
DECLARE cur CURSOR WITH HOLD FOR SELECT pgmig_upgrade();
COMMIT;
FETCH 2 FROM cur;
CLOSE cur;
SELECT revision FROM pgmig_current();
:reset

-- LIMIT does not cut it short
SELECT * FROM pgmig_upgrade() LIMIT 1;
SELECT revision FROM pgmig_current();
:reset
SELECT pgmig_upgrade() LIMIT 1;
SELECT revision FROM pgmig_current();
:reset
SELECT EXISTS (SELECT FROM pgmig_upgrade());
:reset

-- In a CTE, in a join, twice in a query, for each row, in a condition
WITH up AS (SELECT * FROM pgmig_upgrade()) SELECT count(*), min(pgmig_upgrade) FROM up;
:reset
SELECT * FROM pgmig_upgrade('c1') WITH ORDINALITY AS a (revision, n)
    JOIN (VALUES ('c1', 'first')) v (revision, what) USING (revision);
SELECT pgmig_upgrade('c2') AS a, pgmig_upgrade('c3') AS b, pgmig_upgrade('c3') AS c;
:reset
SELECT t, array(SELECT pgmig_upgrade(t)) FROM unnest('{c1,c2,c2,c3}'::text[]) t;
SELECT * FROM ROWS FROM (pgmig_downgrade('c1'), pgmig_upgrade('c2')) AS x (down, up);
SELECT 1 WHERE 'c3' IN (SELECT pgmig_upgrade());
:reset

-- Several statements in one message are one transaction
SELECT pgmig_upgrade('c1') \; SELECT pgmig_upgrade('c2') \; SELECT 1 / 0;
SELECT count(*) FROM pgmig_current();
SELECT pgmig_upgrade('c1') \; SELECT pgmig_upgrade('c2') \; SELECT revision FROM pgmig_current();

-- In a trigger
CREATE TABLE wish (target text);
CREATE FUNCTION grant_wish() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM pgmig_upgrade(NEW.target);
    RETURN NEW;
END$$;
CREATE TRIGGER grant_wish BEFORE INSERT ON wish FOR EACH ROW EXECUTE FUNCTION grant_wish();
INSERT INTO wish VALUES ('c1'), ('c3');
SELECT revision FROM pgmig_current();
SELECT FROM pgmig_downgrade('c2');
SELECT FROM pgmig_edit('c3', 'ALTER TABLE wish ADD COLUMN more int');
INSERT INTO wish VALUES ('head');
SELECT count(*) FROM wish;
SELECT revision FROM pgmig_current();

-- Copied out, or with its output thrown away
COPY (SELECT * FROM pgmig_upgrade()) TO STDOUT;
SELECT FROM pgmig_stamp('c2');
SELECT FROM pgmig_edit('c3', 'ALTER TABLE c ADD COLUMN d int');
CREATE TABLE history AS SELECT * FROM pgmig_upgrade();
SELECT * FROM history;
EXPLAIN (COSTS OFF) SELECT * FROM pgmig_downgrade('base');
SELECT revision FROM pgmig_current();

DROP EXTENSION pgmig;
DROP TABLE c, wish, history;
DROP FUNCTION migrate(text), migrate_sql(), grant_wish();
DROP OWNED BY regress_pgmig_caller;
DROP ROLE regress_pgmig_caller;
