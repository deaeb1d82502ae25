-- The graph stays sound under direct SQL by those who may write to the tables.
CREATE EXTENSION pgmig;
\set VERBOSITY terse
SELECT * FROM pgmig_import($$
-- a
--
-- Revision ID: a'1
-- Branch Labels: Läbel;

-- pgmig: upgrade

-- b
--
-- Revision ID: b"2
-- Revises: a'1

-- pgmig: upgrade

-- c
--
-- Revision ID: C;3
-- Revises: b"2

-- pgmig: upgrade

-- d
--
-- Revision ID: dé4
-- Depends On: C;3

-- pgmig: upgrade
$$);
CREATE TEMP VIEW heads AS SELECT revision FROM pgmig.revision WHERE NOT has_children ORDER BY load_order;
TABLE heads;

-- A cycle, in every way in which one can be made.
INSERT INTO pgmig.revision_parent VALUES ($$a'1$$, 1, 'C;3');
INSERT INTO pgmig.revision_parent VALUES ('C;3', 2, 'C;3');
INSERT INTO pgmig.revision_dependency VALUES ($$a'1$$, 1, 'C;3', 'C;3');
INSERT INTO pgmig.revision_dependency VALUES ('C;3', 1, 'C;3', 'C;3');
INSERT INTO pgmig.revision_dependency VALUES ($$a'1$$, 1, 'dé4', 'dé4');
INSERT INTO pgmig.revision_parent VALUES ($$a'1$$, 1, 'dé4');
UPDATE pgmig.revision_parent SET parent = 'C;3' WHERE revision = 'b"2';
UPDATE pgmig.revision_parent SET revision = $$a'1$$, parent = 'b"2' WHERE revision = 'C;3';
UPDATE pgmig.revision_dependency SET revision = $$a'1$$ WHERE revision = 'dé4';
BEGIN;
DELETE FROM pgmig.revision_parent WHERE revision = 'b"2';
INSERT INTO pgmig.revision_parent VALUES ($$a'1$$, 1, 'C;3');
INSERT INTO pgmig.revision_parent VALUES ('b"2', 1, $$a'1$$);
ROLLBACK;
-- COPY as a restore does it
COPY pgmig.revision_parent FROM STDIN;
a'1	1	C;3
\.

-- A parent that is not there, one that goes, one twice.
INSERT INTO pgmig.revision_parent VALUES ('C;3', 2, 'none');
INSERT INTO pgmig.revision_dependency VALUES ('C;3', 1, 'none', 'none');
INSERT INTO pgmig.revision_parent VALUES ('C;3', 2, 'b"2');
INSERT INTO pgmig.revision_parent VALUES ('C;3', 1, $$a'1$$);
DELETE FROM pgmig.revision WHERE revision = 'b"2';
DELETE FROM pgmig.revision WHERE revision = 'C;3';
UPDATE pgmig.revision SET revision = 'other' WHERE revision = 'b"2';

-- has_children follows the edges.
BEGIN;
INSERT INTO pgmig.revision_parent VALUES ('dé4', 1, 'C;3');
TABLE heads;
UPDATE pgmig.revision_parent SET parent = 'b"2' WHERE revision = 'dé4';
TABLE heads;
DELETE FROM pgmig.revision_parent WHERE revision = 'C;3';
TABLE heads;
DELETE FROM pgmig.revision WHERE revision = 'dé4';
TABLE heads;
ROLLBACK;
BEGIN;
TRUNCATE pgmig.revision_parent;
TABLE heads;
SELECT revision FROM pgmig_heads();
ROLLBACK;
BEGIN;
TRUNCATE pgmig.revision, pgmig.revision_parent, pgmig.revision_dependency, pgmig.branch_label, pgmig.applied;
SELECT count(*) FROM pgmig.revision_parent;
SELECT count(*) FROM pgmig_history();
ROLLBACK;
TRUNCATE pgmig.revision;
TABLE heads;

-- Several at once, with all that belongs to them.
BEGIN;
DELETE FROM pgmig.revision WHERE revision IN ('dé4', 'C;3', 'b"2', $$a'1$$);
SELECT (SELECT count(*) FROM pgmig.revision_parent) AS parents, (SELECT count(*) FROM pgmig.revision_dependency) AS dependencies,
       (SELECT count(*) FROM pgmig.branch_label) AS labels;
ROLLBACK;

-- Ids and labels that are none.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['', 'head', 'heads', 'base', 'current', 'a b', 'a,b', 'a@b', 'a+b', 'a-b', 'a:b',
                                E'a\tb', E'a\x01b', E'a\x7f', repeat('x', 256)]
    LOOP
        BEGIN
            UPDATE pgmig.revision SET revision = name WHERE revision = 'dé4';
            RAISE NOTICE 'id "%" was taken', left(name, 20);
        EXCEPTION WHEN check_violation THEN
            NULL;
        END;
        BEGIN
            INSERT INTO pgmig.branch_label VALUES (name, 'dé4', 1);
            RAISE NOTICE 'label "%" was taken', left(name, 20);
        EXCEPTION WHEN check_violation THEN
            NULL;
        END;
    END LOOP;
END $$;
INSERT INTO pgmig.branch_label VALUES ('b"2', 'C;3', 1);
INSERT INTO pgmig.branch_label VALUES ('Läbel;', 'C;3', 1);
INSERT INTO pgmig.branch_label VALUES ('free', 'none', 1);
UPDATE pgmig.branch_label SET label = 'C;3';
INSERT INTO pgmig.revision (revision, load_order, message, upgrade, upgrade_statements, upgrade_checksum)
VALUES ('Läbel;', 9, 'm', '', 0, '');
BEGIN;
DELETE FROM pgmig.revision_dependency;
UPDATE pgmig.revision SET revision = 'Läbel;' WHERE revision = 'dé4';
ROLLBACK;
INSERT INTO pgmig.revision (revision, load_order, message, upgrade, upgrade_statements, upgrade_checksum)
VALUES ('e', 1, 'm', '', 0, '');
UPDATE pgmig.revision SET downgrade = '' WHERE revision = 'dé4';

DROP VIEW heads;
DROP EXTENSION pgmig;
