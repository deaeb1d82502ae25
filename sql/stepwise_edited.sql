-- What a statement has left is cleared away whatever becomes of the statement.
CREATE EXTENSION pgmig;
\set VERBOSITY terse
CREATE SCHEMA "L; ü";
CREATE TABLE "L; ü"."T" (id int, other int);
CREATE VIEW indexes AS
SELECT indexrelid::regclass AS index, indisvalid FROM pg_index
WHERE indrelid = '"L; ü"."T"'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
SELECT FROM pgmig_revision('one', rev_id => 'one', transactional => false,
    upgrade => 'CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id);', downgrade => NULL);

CREATE PROCEDURE fail(body text) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM "L; ü"."T";
    INSERT INTO "L; ü"."T" VALUES (1, 1), (1, 1);
    PERFORM pgmig_edit('one', upgrade => body);
END $$;

-- Another statement before it.
INSERT INTO "L; ü"."T" VALUES (1, 1), (1, 1);
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT revision, done, started, left_by FROM pgmig.unfinished;
SELECT FROM pgmig_edit('one', upgrade => 'SET lock_timeout = 0; CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id);');
CALL pgmig_upgrade_stepwise();
TABLE indexes;
DELETE FROM "L; ü"."T";
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT FROM pgmig_stamp('base');
DROP INDEX "L; ü"."I;1";

-- An index of another name, and one without.
CALL fail('CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id)');
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('one', upgrade => 'CREATE UNIQUE INDEX CONCURRENTLY ON "L; ü"."T" (id, other);');
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT FROM pgmig_edit('one', upgrade => 'CREATE INDEX CONCURRENTLY "I;2" ON "L; ü"."T" (id);');
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT FROM pgmig_stamp('base');
DROP INDEX "L; ü"."I;2";

-- No statement at all.
CALL fail('CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id)');
CALL pgmig_upgrade_stepwise();
SELECT FROM pgmig_edit('one', upgrade => '-- nothing');
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT revision FROM pgmig_current();
SELECT FROM pgmig_stamp('base');

-- What the user decides.
\set VERBOSITY default
CALL fail('CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id)');
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('one', 'run again');
DELETE FROM "L; ü"."T";
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT FROM pgmig_stamp('base');
DROP INDEX "L; ü"."I;1";
\set VERBOSITY terse
CALL fail('CREATE UNIQUE INDEX CONCURRENTLY ON "L; ü"."T" (id)');
CALL pgmig_upgrade_stepwise();
\set VERBOSITY default
SELECT pgmig_resolve('one', 'forget');
DROP INDEX "L; ü"."T_id_idx";

-- An index in the way that was not left by the revision
\set VERBOSITY terse
CALL fail('CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id)');
CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id);
\set VERBOSITY default
CALL pgmig_upgrade_stepwise();
DROP INDEX "L; ü"."I;1";
SELECT pgmig_resolve('one', 'forget');
\set VERBOSITY terse
CALL fail('CREATE UNIQUE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (id)');
CALL pgmig_upgrade_stepwise();
SELECT pgmig_resolve('one', 'done');
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT FROM pgmig_stamp('base');
DROP INDEX "L; ü"."I;1";

-- An error of a kind that mostly comes before anything is done.
CREATE FUNCTION "missing; it"(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM 1 FROM public.nowhere; RETURN 1; END$$;
CALL fail('CREATE INDEX CONCURRENTLY "I;1" ON "L; ü"."T" (public."missing; it"(id))');
CALL pgmig_upgrade_stepwise();
TABLE indexes;
CREATE TABLE nowhere ();
CALL pgmig_upgrade_stepwise();
TABLE indexes;
SELECT FROM pgmig_stamp('base');
DROP INDEX "L; ü"."I;1";
DROP FUNCTION "missing; it";
DROP TABLE nowhere;

-- REINDEX of a table, which is a top-level command only if that is partitioned, tried again.
CREATE SEQUENCE attempt;
CREATE FUNCTION "once; it"(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('public.attempt') = 1 THEN
        RAISE EXCEPTION 'no luck' USING ERRCODE = '55P03';
    END IF;
    RETURN 1;
END $$;
CALL fail('REINDEX TABLE "L; ü"."T"');
SELECT setval('attempt', 1);
CREATE INDEX ON "L; ü"."T" ("once; it"(id));
SELECT setval('attempt', 1, false);
CALL pgmig_upgrade_stepwise();
SELECT revision FROM pgmig_current();

DROP EXTENSION pgmig;
DROP SCHEMA "L; ü" CASCADE;
DROP PROCEDURE fail;
DROP FUNCTION "once; it";
DROP SEQUENCE attempt;
