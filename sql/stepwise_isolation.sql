-- Isolation levels, deferred constraints and errors at commit
CREATE EXTENSION pgmig;
CREATE TABLE log (n serial, what text);

SELECT * FROM pgmig_import($doc$
-- tables
-- Revision ID: "t;1
-- pgmig: upgrade
CREATE TABLE "Parent; ü" (id int PRIMARY KEY);
CREATE TABLE child (a int, parent int, CONSTRAINT "fk; ü" FOREIGN KEY (parent) REFERENCES "Parent; ü" DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT one UNIQUE (a) DEFERRABLE);
INSERT INTO log (what) VALUES (current_setting('transaction_isolation'));
-- pgmig: downgrade
DROP TABLE child, "Parent; ü";
-- statements
-- Revision ID: t2
-- Revises: "t;1
-- pgmig: upgrade no-transaction
INSERT INTO log (what) VALUES (current_setting('transaction_isolation'));
CREATE INDEX CONCURRENTLY "I;1" ON child (parent);
DO $$
BEGIN
    INSERT INTO log (what) VALUES (current_setting('transaction_isolation'));
    COMMIT;
    INSERT INTO log (what) SELECT current_setting('transaction_isolation') || count(*) FROM log;
END
$$;
VACUUM child;
INSERT INTO log (what) SELECT count(*) FROM log;
-- pgmig: downgrade no-transaction
DROP INDEX CONCURRENTLY "I;1";
-- again
-- Revision ID: t3
-- Revises: t2
-- pgmig: upgrade
INSERT INTO log (what) SELECT count(*) FROM log;
-- pgmig: downgrade
$doc$);

-- At each isolation level
SET default_transaction_isolation = 'repeatable read';
CALL pgmig_upgrade_stepwise();
CALL pgmig_downgrade_stepwise('base');
SET default_transaction_isolation = 'serializable';
SET default_transaction_deferrable = on;
CALL pgmig_upgrade_stepwise();
SELECT n, what FROM log ORDER BY n;
CALL pgmig_downgrade_stepwise('t2');
SELECT operation, target, outcome FROM pgmig.run ORDER BY run;
SHOW default_transaction_isolation;
RESET default_transaction_isolation;
RESET default_transaction_deferrable;

-- A constraint that is violated at the end of a revision in one transaction
SELECT * FROM pgmig_import($doc$
-- one transaction
-- Revision ID: t3
-- Revises: t2
-- pgmig: upgrade
INSERT INTO child VALUES (1, 1);
INSERT INTO log (what) VALUES ('lost');
-- pgmig: downgrade
DELETE FROM child;
-- one statement
-- Revision ID: "t;4
-- Revises: t3
-- pgmig: upgrade no-transaction
INSERT INTO child VALUES (2, 1);
UPDATE child SET a = 3 - a;
INSERT INTO log (what) VALUES ('kept');
INSERT INTO child VALUES (3, 2);
INSERT INTO log (what) VALUES ('after');
-- pgmig: downgrade no-transaction
DELETE FROM child WHERE a > 1;
DELETE FROM "Parent; ü" WHERE id = 1;
-- a block
-- Revision ID: t5
-- Revises: "t;4
-- pgmig: upgrade no-transaction
DO $$
BEGIN
    INSERT INTO child VALUES (4, 1);
    COMMIT;
    INSERT INTO child VALUES (5, 5);
    COMMIT;
END
$$;
-- pgmig: downgrade
$doc$);
TRUNCATE log;
CALL pgmig_upgrade_stepwise('t3');
SELECT revision FROM pgmig_current();
SELECT outcome, statements_done AS done, sqlstate, message, statement, line FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
INSERT INTO "Parent; ü" VALUES (1);
CALL pgmig_upgrade_stepwise('t3');
-- at the end of a statement
CALL pgmig_upgrade_stepwise('"t;4');
SELECT a, parent FROM child ORDER BY a;
SELECT outcome, statements_done AS done, sqlstate, message, statement, line FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
SELECT interrupted_revision, interrupted_statement, interrupted_sql, interrupted_reason FROM pgmig_status();
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
INSERT INTO "Parent; ü" VALUES (2);
CALL pgmig_upgrade_stepwise('"t;4');
-- in the middle of a block
CALL pgmig_upgrade_stepwise();
SELECT a, parent FROM child ORDER BY a;
SELECT FROM pgmig_edit('t5', 'DO $$BEGIN INSERT INTO child VALUES (6, 6); END$$');
CALL pgmig_upgrade_stepwise();
SELECT outcome, statements_done AS done, sqlstate, message, statement, line FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
INSERT INTO "Parent; ü" VALUES (6);
CALL pgmig_upgrade_stepwise();
-- in a downgrade
CALL pgmig_downgrade_stepwise('t3');
SELECT interrupted_revision, interrupted_direction, interrupted_statement FROM pgmig_status();
SELECT FROM pgmig_edit('"t;4', downgrade => 'DELETE FROM child WHERE a > 1; SELECT 1');
CALL pgmig_downgrade_stepwise('base');
SELECT what FROM log ORDER BY n;

-- A trigger that fails at commit
CREATE TABLE checked (a int);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not; "ü"' USING ERRCODE = 'ZZ001', HINT = 'none'; END$$;
CREATE CONSTRAINT TRIGGER "trigger; ü" AFTER INSERT ON checked DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT * FROM pgmig_import($doc$
-- one
-- Revision ID: c1
-- pgmig: upgrade
INSERT INTO checked VALUES (1);
-- two
-- Revision ID: c2
-- pgmig: upgrade no-transaction
SELECT 'ü';

INSERT INTO checked
    VALUES (2);
$doc$);
CALL pgmig_upgrade_stepwise('c1');
CALL pgmig_upgrade_stepwise('c2');
SELECT revision, outcome, sqlstate, message, statement, line FROM pgmig.run_step ORDER BY run DESC, step LIMIT 2;
SELECT pgmig_resolve('c2', 'done');
CALL pgmig_upgrade_stepwise('c2');
SELECT revision FROM pgmig_current();
SELECT count(*) FROM checked;


-- What is deferred is still part of the body
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM pgmig.applied; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER meddle AFTER UPDATE ON checked DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION meddle();
DROP TRIGGER "trigger; ü" ON checked;
INSERT INTO checked VALUES (1);
SELECT FROM pgmig_edit('c1', 'UPDATE checked SET a = 2');
SELECT FROM pgmig_stamp('c2@base');
SELECT FROM pgmig_edit('c2', E'SELECT 1;\nUPDATE checked SET a = 2');
CALL pgmig_upgrade_stepwise('c1');
CALL pgmig_upgrade_stepwise('c2');

DROP EXTENSION pgmig;
DROP TABLE log, checked;
DROP FUNCTION refuse(), meddle();
