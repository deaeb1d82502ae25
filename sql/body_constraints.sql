-- Deferred constraints and bodies
CREATE EXTENSION pgmig;

SELECT * FROM pgmig_import($doc$
-- tables
-- Revision ID: d1
-- pgmig: upgrade
CREATE TABLE "Parent; ü" (id int PRIMARY KEY);
CREATE TABLE child (
    id int CONSTRAINT child_key UNIQUE DEFERRABLE INITIALLY IMMEDIATE,
    parent int CONSTRAINT "child ""fk""" REFERENCES "Parent; ü" DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child VALUES (1, 10), (2, 20);
INSERT INTO "Parent; ü" VALUES (10), (20);
-- change them: no events are pending
-- Revision ID: d2
-- Revises: d1
-- pgmig: upgrade
ALTER TABLE child ADD COLUMN note text NOT NULL DEFAULT '';
-- still deferred
INSERT INTO child VALUES (3, 30);
INSERT INTO "Parent; ü" VALUES (30);
-- still immediate
-- Revision ID: d3
-- Revises: d2
-- pgmig: upgrade
ALTER TABLE child ADD COLUMN more text;
DO $$
BEGIN
    INSERT INTO child VALUES (1, 10);
    RAISE 'the constraint is deferred';
EXCEPTION WHEN unique_violation THEN
    RAISE NOTICE 'the constraint is immediate';
END
$$;
SET CONSTRAINTS ALL DEFERRED;
UPDATE child SET id = 4 - id;
UPDATE child SET id = id;
-- violated
-- Revision ID: d4
-- Revises: d3
-- pgmig: upgrade
ALTER TABLE child DROP COLUMN more;
INSERT INTO child VALUES (4, 40);
ALTER TABLE "Parent; ü" ADD COLUMN note text;
$doc$);

SELECT * FROM pgmig_upgrade('d3');
BEGIN;
SELECT * FROM pgmig_upgrade();
ROLLBACK;
SELECT revision FROM pgmig_current();
SELECT * FROM child ORDER BY id;
SELECT FROM pgmig_edit('d4', 'ALTER TABLE child DROP COLUMN more;
INSERT INTO child VALUES (4, 40);
SET CONSTRAINTS "child ""fk""" IMMEDIATE;
SELECT 1;');
SELECT * FROM pgmig_upgrade();
SELECT FROM pgmig_edit('d4', 'INSERT INTO child VALUES (4, 40);
INSERT INTO "Parent; ü" VALUES (40);');

-- In the caller's transaction constraints are as they were declared
BEGIN;
SELECT * FROM pgmig_upgrade();
INSERT INTO child VALUES (5, 50);
INSERT INTO "Parent; ü" VALUES (50);
SAVEPOINT s;
INSERT INTO child VALUES (5, 50);
ROLLBACK TO s;
INSERT INTO child VALUES (6, 60);
COMMIT;
-- What the caller left to be checked is checked as well
BEGIN;
INSERT INTO child VALUES (5, 50);
SELECT * FROM pgmig_upgrade();
ROLLBACK;

-- Without the right to look into a schema with such constraints
CREATE ROLE regress_pgmig_narrow;
CREATE SCHEMA closed;
CREATE TABLE closed.t (a int UNIQUE DEFERRABLE INITIALLY IMMEDIATE);
SELECT pgmig_grant('regress_pgmig_narrow', 'runner');
ALTER TABLE child OWNER TO regress_pgmig_narrow;
ALTER TABLE "Parent; ü" OWNER TO regress_pgmig_narrow;
SET ROLE regress_pgmig_narrow;
SELECT * FROM pgmig_upgrade();
RESET ROLE;

-- A constraint trigger
SELECT * FROM pgmig_import($doc$
-- trigger
-- Revision ID: d5
-- Revises: d4
-- pgmig: upgrade
CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    RAISE EXCEPTION 'row % is not wanted', NEW.id USING ERRCODE = 'check_violation', HINT = 'Take another.', DETAIL = 'It is odd.';
END$$;
CREATE CONSTRAINT TRIGGER complain AFTER INSERT ON child DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION complain();
INSERT INTO child VALUES (7, 10);
$doc$);
SELECT * FROM pgmig_upgrade();
SELECT FROM pgmig_edit('d5', 'SELECT 1');
SELECT * FROM pgmig_upgrade();

DROP EXTENSION pgmig;
DROP TABLE child, "Parent; ü";
DROP SCHEMA closed CASCADE;
DROP OWNED BY regress_pgmig_narrow;
DROP ROLE regress_pgmig_narrow;
