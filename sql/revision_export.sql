-- Export and import are each other's inverse.
CREATE EXTENSION pgmig;
SET client_min_messages = warning;
SELECT pgmig_export();
SELECT count(*) FROM pgmig_load('migrations');
SELECT action, count(*) FROM pgmig_import($pgmig$
-- Hostile; "names" and 'quotes' %s \n $1
--
-- More: with a colon,
--   indented,
--
--     and a --gap.
--
-- Revision ID: a"b'c;d\e$1%s
-- Create Date: 0044-03-15 12:00:00.123456-08 BC
-- Branch Labels: "Lab;el", ñ, 日本語

-- pgmig: upgrade
SELECT E'\\ '' \x41', U&'\0041', $q$ -- pgmig: downgrade
-- pgmig: upgrade
$q$, "a -- b" /* -- pgmig: upgrade
  /* nested */ -- Revision ID: none
*/ FROM (VALUES (1)) AS "x;" ("a -- b");
CREATE FUNCTION "f;"() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;
-- the end, without a semicolon: "
SELECT 1
-- pgmig: downgrade no-transaction
	DROP FUNCTION "f;"()   ;   


-- Empty
--
-- Revision ID: 日本語2
-- Revises: a"b'c;d\e$1%s
-- Depends On: ñ , a"b'c;d\e$1%s2

-- pgmig: upgrade
-- pgmig: downgrade

-- Irreversible
--
-- Revision ID: a"b'c;d\e$1%s2

-- pgmig: upgrade
SELECT 'blank lines


  stay';
$pgmig$, 'Höstile;.sql') GROUP BY action;
SELECT revision, depends_on FROM pgmig_show('日本語2');

CREATE TABLE exported AS SELECT pgmig_export() AS document;
CREATE TABLE kept AS
SELECT revision, load_order, message, long_message, created_at, upgrade, upgrade_transactional, upgrade_statements,
       upgrade_checksum, downgrade, downgrade_transactional, downgrade_statements, downgrade_checksum, has_children
FROM pgmig.revision;
CREATE TABLE kept_edges AS
TABLE pgmig.revision_parent UNION ALL SELECT revision, ordinal + 100, dependency || declared FROM pgmig.revision_dependency
UNION ALL SELECT revision, ordinal + 200, label FROM pgmig.branch_label;

-- Imported where it came from, it changes nothing.
SELECT * FROM pgmig_import((SELECT document FROM exported));
-- In a new catalogue, it gives the same.
DROP EXTENSION pgmig;
CREATE EXTENSION pgmig;
SELECT action, count(*) FROM pgmig_import((SELECT document FROM exported), 'exported.sql') GROUP BY action;
SELECT pgmig_export() = document AS same FROM exported;
SELECT count(*) FROM kept;
(SELECT revision, load_order, message, long_message, created_at, upgrade, upgrade_transactional, upgrade_statements,
        upgrade_checksum, downgrade, downgrade_transactional, downgrade_statements, downgrade_checksum, has_children
 FROM pgmig.revision) EXCEPT TABLE kept;
(TABLE pgmig.revision_parent UNION ALL SELECT revision, ordinal + 100, dependency || declared FROM pgmig.revision_dependency
 UNION ALL SELECT revision, ordinal + 200, label FROM pgmig.branch_label) EXCEPT TABLE kept_edges;
-- The reference files themselves are a load of nothing new.
SELECT * FROM pgmig_load('migrations');
-- Other settings of the session do not matter.
SET "DateStyle" = 'German';
SET "TimeZone" = 'Pacific/Apia';
DO $$BEGIN IF current_setting('server_version_num')::int < 190000 THEN SET standard_conforming_strings = off; END IF; END$$;
SET quote_all_identifiers = on;
SELECT pgmig_export() = document AS same FROM exported;
SELECT * FROM pgmig_import((SELECT document FROM exported));
RESET ALL;
SET client_min_messages = warning;

-- One by one and in ranges
SELECT string_agg(pgmig_export(revision), E'\n' ORDER BY load_order) = (SELECT document FROM exported) AS same FROM pgmig.revision;
SELECT pgmig_export('日本語2');
SELECT pgmig_export('日本');
SELECT pgmig_export('base');
SELECT (SELECT count(*) FROM regexp_matches(pgmig_export('968b:add_camera_unique_constraints'), '^-- Revision ID: ', 'ng')) > 1 AS several;
SELECT pgmig_export('none');
SELECT pgmig_export(':none');
SELECT pgmig_export('');

DROP TABLE exported, kept, kept_edges;
DROP EXTENSION pgmig;
