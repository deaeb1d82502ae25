-- Settings that a body has made are made again when it goes on
CREATE EXTENSION pgmig;
CREATE SCHEMA "Hers; ü";
CREATE TABLE gate (a int);
CREATE ROLE "regress_pgmig ;ü";
CREATE ROLE regress_pgmig_runner;
GRANT "regress_pgmig ;ü" TO regress_pgmig_runner;
GRANT ALL ON SCHEMA "Hers; ü" TO PUBLIC;
GRANT SELECT ON gate TO PUBLIC;
SELECT pgmig_grant('regress_pgmig_runner', 'runner');
CREATE TABLE seen (n serial, what text);
GRANT ALL ON seen, seen_n_seq TO PUBLIC;
CREATE FUNCTION look() RETURNS text LANGUAGE sql AS
    $$SELECT format('%s/%s path=%s work_mem=%s custom=%s read_only=%s',
                    substring(session_user FROM '^regress_pgmig.*'), substring(current_user FROM '^regress_pgmig.*'),
                    current_setting('search_path'), current_setting('work_mem'),
                    current_setting('my.custom', true), current_setting('default_transaction_read_only'))$$;
CREATE VIEW half_done AS
    SELECT revision, cardinality(done) AS done, started,
           ARRAY(SELECT s FROM unnest(settings) s WHERE s ~ '^(default|my|role|search_path|session_auth|work_mem)' ORDER BY s) AS settings
    FROM pgmig.unfinished;

SELECT * FROM pgmig_import($doc$
-- settings
-- Revision ID: settings
-- pgmig: upgrade no-transaction
SELECT pg_catalog.set_config('search_path', '"Hers; ü", public', false);
SET my.custom = 'it''s=; "ü",';
CREATE PROCEDURE more() LANGUAGE plpgsql AS $$BEGIN SET work_mem = '2MB'; COMMIT; SET datestyle = 'German'; RESET datestyle; END$$;
CALL more();
SET ROLE "regress_pgmig ;ü";
SELECT 1 / count(*) FROM gate;
CREATE TABLE "t;1" AS SELECT look();
INSERT INTO seen (what) SELECT look();
-- pgmig: downgrade
DROP TABLE "Hers; ü"."t;1";
DROP PROCEDURE "Hers; ü".more();
$doc$);

-- whatever made them, in another session, of another role
CALL pgmig_upgrade_stepwise();
SELECT look();
TABLE half_done;
\c
SET work_mem = '7MB';
SET ROLE regress_pgmig_runner;
CALL pgmig_upgrade_stepwise();
RESET ROLE;
INSERT INTO gate VALUES (1);
CALL pgmig_upgrade_stepwise();
TABLE "Hers; ü"."t;1";
SELECT relowner::regrole FROM pg_class WHERE relname = 't;1';
SELECT look();
CALL pgmig_downgrade_stepwise('base');
RESET work_mem;

-- What was undone is not made again, and what is gone is not missed
SELECT FROM pgmig_edit('settings', $doc$
SET my.custom = 'gone';
SET work_mem = '2MB';
SET ROLE "regress_pgmig ;ü";
RESET ROLE;
CREATE ROLE regress_pgmig_gone;
SET ROLE regress_pgmig_gone;
RESET ALL;
RESET ROLE;
DROP ROLE regress_pgmig_gone;
CREATE TABLE tmp (a int);
PREPARE p AS INSERT INTO tmp VALUES (1);
EXECUTE p;
DEALLOCATE p;
PREPARE p AS SELECT * FROM tmp;
DROP TABLE tmp;
SELECT 1 / 0;
$doc$);
SET work_mem = '7MB';
CALL pgmig_upgrade_stepwise();
TABLE half_done;
SELECT FROM pgmig_edit('settings', (SELECT replace(upgrade, '1 / 0', '''on''; INSERT INTO seen (what) SELECT look()') FROM pgmig_show('settings')));
CALL pgmig_upgrade_stepwise();
SELECT what FROM seen ORDER BY n;
SELECT count(*) FROM pg_prepared_statements;
RESET work_mem;

-- A role that has been dropped since is missed
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('settings', E'SET ROLE "regress_pgmig ;ü";\nSELECT 1 / 0;\nSELECT 3');
CALL pgmig_upgrade_stepwise();
ALTER ROLE "regress_pgmig ;ü" RENAME TO "regress_pgmig other";
CALL pgmig_upgrade_stepwise();
SELECT look();
TABLE half_done;
ALTER ROLE "regress_pgmig other" RENAME TO "regress_pgmig ;ü";
SELECT pgmig_resolve('settings', 'done');
CALL pgmig_upgrade_stepwise();
SELECT look();

-- What the caller has prepared is his, whatever the body would have prepared
PREPARE "p; ü" AS SELECT 'mine';
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('settings', E'PREPARE "p 2" AS SELECT 1;\nSELECT 1 / 0;\nPREPARE "p; ü" AS SELECT 2');
CALL pgmig_upgrade_stepwise();
CALL pgmig_upgrade_stepwise();
SELECT name FROM pg_prepared_statements;
SELECT pgmig_resolve('settings', 'done');
CALL pgmig_upgrade_stepwise();
EXECUTE "p; ü";
SELECT pgmig_resolve('settings', 'forget');
DEALLOCATE "p; ü";

-- SET LOCAL warns
SELECT FROM pgmig_stamp('base');
SELECT FROM pgmig_edit('settings', E'SET LOCAL search_path = pg_catalog;\nCREATE TABLE public.shown AS SELECT current_setting(''search_path'')');
CALL pgmig_upgrade_stepwise();
TABLE shown;
DROP TABLE shown;

-- A body that is read-only, in its transaction or from there on
SELECT * FROM pgmig_import($doc$
-- one transaction
-- Revision ID: r'1
-- pgmig: upgrade
SET TRANSACTION READ ONLY;
SELECT look();
-- pgmig: downgrade
SET default_transaction_read_only = on;
SET TRANSACTION READ ONLY;
-- statements
-- Revision ID: r'2
-- Revises: r'1
-- pgmig: upgrade no-transaction
SET TRANSACTION READ ONLY;
SET my.custom = 'ü';
SET default_transaction_read_only = on;
DO $$BEGIN PERFORM look(); COMMIT; PERFORM look(); END$$;
SELECT set_config('work_mem', '3MB', false), look();
INSERT INTO seen (what) SELECT look();
-- pgmig: downgrade no-transaction
SET default_transaction_read_only = on;
-- still
-- Revision ID: r'3
-- Revises: r'2
-- pgmig: upgrade
CREATE TABLE "written; ü" (a int);
-- pgmig: downgrade
$doc$);
CALL pgmig_upgrade_stepwise('r''1');
CALL pgmig_downgrade_stepwise('r''1@base');
BEGIN;
SELECT pgmig_upgrade('r''1');
INSERT INTO gate VALUES (2);
COMMIT;
CALL pgmig_upgrade_stepwise('r''3');
SELECT look();
TABLE half_done;
SELECT outcome, statements_done AS done, sqlstate, message, statement FROM pgmig.run_step ORDER BY run DESC LIMIT 1;
CALL pgmig_upgrade_stepwise('r''3');
SELECT FROM pgmig_edit('r''2', (SELECT replace(upgrade, 'INSERT', E'SET default_transaction_read_only = off;\nINSERT') FROM pgmig_show('r''2')));
CALL pgmig_upgrade_stepwise('r''3');
SELECT what FROM seen ORDER BY n DESC LIMIT 1;
CALL pgmig_downgrade_stepwise('r''1@base');
SHOW transaction_read_only;
SELECT revision FROM pgmig_current();
SELECT outcome, count(*) FROM pgmig.run WHERE target ~ 'r''[13]' GROUP BY 1 ORDER BY 1;

DROP VIEW half_done;
DROP EXTENSION pgmig;
DROP SCHEMA "Hers; ü" CASCADE;
DROP TABLE gate, seen, "written; ü";
DROP FUNCTION look();
DROP OWNED BY "regress_pgmig ;ü", regress_pgmig_runner;
DROP ROLE "regress_pgmig ;ü", regress_pgmig_runner;
