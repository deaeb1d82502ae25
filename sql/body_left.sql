-- What a body leaves in the session is gone after it
CREATE EXTENSION pgmig;
CREATE TABLE base (a int);
INSERT INTO base VALUES (1), (2), (3);
-- What the caller has stays
CREATE TEMP TABLE mine (a int);
PREPARE mine AS SELECT 1;

SELECT * FROM pgmig_import($doc$
-- temporary
-- Revision ID: t1
-- pgmig: upgrade
CREATE TEMP TABLE scratch (id serial PRIMARY KEY, "Größe" text UNIQUE);
INSERT INTO scratch ("Größe") VALUES ('a');
CREATE TEMP VIEW v AS SELECT * FROM scratch;
CREATE TEMP SEQUENCE s;
CREATE TYPE pg_temp.e AS ENUM ('a');
CREATE DOMAIN pg_temp.d AS int;
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TEMP TABLE dropped ON COMMIT DROP AS SELECT 1;
CREATE TEMP TABLE base AS SELECT 'not the base' AS b;
-- temporary again
-- Revision ID: t2
-- Revises: t1
-- pgmig: upgrade
ALTER TABLE base ADD COLUMN b int;
CREATE TEMP TABLE scratch (a int);
INSERT INTO mine VALUES (1);
CREATE TEMP VIEW above_mine AS SELECT * FROM mine;
-- cursors
-- Revision ID: c1
-- Revises: t2
-- pgmig: upgrade
DECLARE c CURSOR FOR SELECT * FROM base;
FETCH c;
DECLARE "Odd; ü" SCROLL CURSOR WITH HOLD FOR SELECT * FROM base;
FETCH "Odd; ü";
DECLARE closed CURSOR FOR SELECT * FROM base;
CLOSE closed;
-- cursors of functions
-- Revision ID: c2
-- Revises: c1
-- pgmig: upgrade
ALTER TABLE base ADD COLUMN c int;
CREATE TEMP TABLE seen_by_cursor AS SELECT 1 AS a;
DO $$
DECLARE
    r refcursor;
    t refcursor := 'named';
    c CURSOR FOR SELECT * FROM base;
BEGIN
    OPEN r FOR SELECT * FROM base;
    OPEN t FOR SELECT * FROM seen_by_cursor;
    OPEN c;
    MOVE c;
END
$$;
-- prepared statements
-- Revision ID: p1
-- Revises: c2
-- pgmig: upgrade
ALTER TABLE base ADD COLUMN d int;
PREPARE ins (int) AS INSERT INTO base VALUES ($1);
EXECUTE ins (4);
EXECUTE ins (5);
PREPARE gone AS SELECT 1;
DEALLOCATE gone;
-- the end
-- Revision ID: p2
-- Revises: p1
-- pgmig: upgrade
PREPARE ins AS SELECT 1;
DECLARE c CURSOR FOR SELECT 1;
$doc$);

BEGIN;
DECLARE mine CURSOR FOR SELECT * FROM generate_series(1, 3);
FETCH mine;
SELECT * FROM pgmig_upgrade();
FETCH mine;
SELECT name FROM pg_cursors ORDER BY name;
SELECT name FROM pg_prepared_statements ORDER BY name;
SELECT relname, relkind FROM pg_class
    WHERE relnamespace = pg_my_temp_schema() ORDER BY relname;
SELECT typname FROM pg_type WHERE typnamespace = pg_my_temp_schema() ORDER BY typname;
SELECT proname FROM pg_proc WHERE pronamespace = pg_my_temp_schema() ORDER BY proname;
SELECT * FROM mine;
COMMIT;
SELECT name FROM pg_cursors;
SELECT * FROM base ORDER BY a;
SELECT revision, rows FROM pgmig.run_step ORDER BY step;

-- A session that had no temporary schema before
\c -
SELECT pgmig_stamp('base');
ALTER TABLE base DROP COLUMN b, DROP COLUMN c, DROP COLUMN d;
SELECT pgmig_upgrade('t1');
SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema();
SELECT pgmig_stamp('base');

-- Temporary objects of the caller under a role that does not own them
\c -
CREATE ROLE regress_pgmig_temp;
SELECT pgmig_grant('regress_pgmig_temp', 'runner');
GRANT ALL ON base TO regress_pgmig_temp;
ALTER TABLE base OWNER TO regress_pgmig_temp;
GRANT ALL ON SCHEMA public TO regress_pgmig_temp;
CREATE TEMP TABLE mine (a int);
GRANT ALL ON mine TO regress_pgmig_temp;
SET ROLE regress_pgmig_temp;
SELECT * FROM pgmig_upgrade('c1');
SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema();
RESET ROLE;

DROP EXTENSION pgmig;
DROP TABLE base, mine;
DROP OWNED BY regress_pgmig_temp;
DROP ROLE regress_pgmig_temp;
