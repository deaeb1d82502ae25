-- Revision documents: what is read from them and what is written.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgmig CASCADE;
CREATE EXTENSION pgmig;
RESET client_min_messages;
SET client_encoding = 'UTF8';
\pset format unaligned
\pset null '(null)'
SET timezone = 'Europe/Berlin';
SET datestyle = 'German, DMY';

-- What a revision says, and how long its bodies are
CREATE VIEW shown AS
SELECT r.revision, s.message, s.long_message, s.parents, s.depends_on, s.labels,
       s.created_at AT TIME ZONE 'UTC' AS created_at, s.upgrade, s.downgrade,
       s.upgrade_transactional AS up_tx, s.downgrade_transactional AS down_tx, s.source
FROM pgmig.revision r, pgmig_show(r.revision) s;

-- Everything that a header can say
BEGIN;
\set doc '-- Add a "café" to O\'Reilly\'s; menu\n--\n-- First line.\n--\n--   An indented one.\n--\n--\n-- Revision ID: Ca"fé\'s;\n-- Revises:\n-- Create Date: 2025-12-28 10:00:00.25+01\n-- Branch Labels: Küche, bar;"\n-- Depends On:\n\n-- A comment that belongs to nothing.\n-- pgmig: upgrade\n\n  CREATE TABLE cafe (name text);\n\n-- pgmig: downgrade\nDROP TABLE cafe;\n\n'
SELECT * FROM pgmig_import(:'doc', 'menü.sql');
\x on
SELECT * FROM shown;
\x off
SELECT pgmig_export();
-- The same again changes nothing, nor does what was written
SELECT * FROM pgmig_import(:'doc', 'menü.sql');
SELECT * FROM pgmig_import(pgmig_export());
SELECT pgmig_export() = pgmig_export();
ROLLBACK;

-- Several revisions in any order, no blank line where none is needed, spelling
-- of keys and sections, merges, dates without a zone, and nothing at all
BEGIN;
\set doc '-- Merge\n-- revision id: m\n-- REVISES: a,b\n-- Depends On: d , c\n--pgmig: Upgrade\n-- pgmig:  DOWNGRADE  No-Transaction \n-- A\n-- Revision ID: a\n-- Revises: <base>\n-- Create Date: 2025-02-03 04:05\n-- pgmig: upgrade\n\n-- B\n-- Revision ID: b\n-- Revises: None\n-- Branch Labels:\n-- Create Date:\n\n-- pgmig: upgrade no-transaction\n-- pgmig: downgrade\n\n\n-- C\n-- Revision ID: c\n\n-- pgmig: upgrade\n-- only a comment\n\n-- D\n-- Revision ID: d\n-- pgmig: downgrade\n/* and another */\n-- pgmig: upgrade'
SELECT * FROM pgmig_import(:'doc') ORDER BY 1;
SELECT revision, message, parents, depends_on, labels, created_at, upgrade, downgrade, up_tx, down_tx
FROM shown ORDER BY 1;
SELECT pgmig_export('m');
SELECT * FROM pgmig_import(pgmig_export());
ROLLBACK;

-- Byte order mark, CR LF, a lone CR, form feeds; literals keep theirs
BEGIN;
\set doc '-- A\r\n--\r\n-- Long\r\n--   message\r\n-- Revision ID: a\r\n\f\r\n-- pgmig: upgrade\r\n\r\n\tSELECT 1,\r\n  \'2\r\n3\';\f\r\n\r\n-- pgmig: downgrade\rSELECT 2;\r\r-- B\r-- Revision ID: b\r-- Revises: a\r-- pgmig: upgrade\r'
SELECT * FROM pgmig_import(E'\uFEFF' || :'doc');
SELECT revision, message, replace(long_message, E'\n', '|') AS long_message,
       replace(replace(upgrade, E'\r', '\r'), E'\n', '\n') AS upgrade, downgrade
FROM shown ORDER BY 1;
SELECT count(*) FROM pgmig_import(pgmig_export());
ROLLBACK;

-- Lines that look like sections and headers, where they are none: in quotes,
-- dollar quotes, names, block comments, behind a blank, in the middle of a line
BEGIN;
\set doc '-- A\n-- Revision ID: a\n-- pgmig: upgrade\nSELECT \'\n-- pgmig: downgrade\n\' AS "\n-- Revision ID: b\n", $$\n-- pgmig: nonsense\n$$, $q$ $$\n-- Revision ID: c\n$q$, E\'\\\'\n-- pgmig: downgrade\n\';\n/*\n-- Revision ID: d\n/*\n-- pgmig: x\n*/\n-- pgmig: upgrade\n*/\n -- pgmig: downgrade\nSELECT 1; -- pgmig: downgrade\n-- pgmigs: x\n-- The Revision ID: e\n'
SELECT * FROM pgmig_import(:'doc');
SELECT upgrade, downgrade FROM shown;
SELECT * FROM pgmig_import(pgmig_export());
SELECT strpos(pgmig_export(), upgrade) > 0 AS verbatim FROM shown;
ROLLBACK;

-- A literal does not go on behind a section line
BEGIN;
\set doc '-- A\n-- Revision ID: a\n-- pgmig: upgrade\nSELECT \'x\'\n-- pgmig: downgrade\n-- end'
SELECT * FROM pgmig_import(:'doc');
SELECT upgrade, downgrade FROM shown;
ROLLBACK;

-- The header begins behind a block comment of the body above, even if that
-- ends on a line that begins with two dashes
BEGIN;
\set doc '-- A\n-- Revision ID: a\n-- pgmig: upgrade\n/*\n-- not the message\n-- neither */ -- this\n-- B\n--\n-- long\n-- Revision ID: b\n-- pgmig: upgrade\n'
SELECT * FROM pgmig_import(:'doc');
SELECT revision, message, long_message, upgrade FROM shown ORDER BY 1;
ROLLBACK;

-- With backslashes in literals taken for escapes by the session
BEGIN;
DO $$BEGIN IF current_setting('server_version_num')::int < 190000 THEN SET LOCAL escape_string_warning = off; SET LOCAL standard_conforming_strings = off; END IF; END$$;
SET LOCAL backslash_quote = on;
SELECT * FROM pgmig_import($doc$-- A
-- Revision ID: a
-- pgmig: upgrade
SELECT '\';
-- pgmig: downgrade
SELECT '\';
$doc$);
SELECT upgrade, downgrade FROM shown WHERE revision = 'a';
SELECT current_setting('standard_conforming_strings') = CASE WHEN current_setting('server_version_num')::int < 190000 THEN 'off' ELSE 'on' END AS kept;
RESET LOCAL standard_conforming_strings;
ROLLBACK;

-- Documents made from arguments: bodies and messages as they are read back
BEGIN;
SELECT regexp_replace(pgmig_revision(E'  Message \nlong  \n\n  message\n\n', 'r1',
                      upgrade => E'\n \n  SELECT 1;\n-- last comment\n \n', downgrade => NULL),
                      'Date: .*?\n', E'Date:\n');
SELECT regexp_replace(pgmig_revision('-- Message', 'r2', upgrade => '-- x', downgrade => E'\n'),
                      'Date: .*?\n', E'Date:\n');
SELECT revision, message, long_message, upgrade, downgrade FROM shown ORDER BY 1;
SELECT count(*) FROM pgmig_import(pgmig_export());

-- A name that is too long is said to be cut when the body runs, not before
SELECT * FROM pgmig_import(E'-- A\n-- Revision ID: long\n-- Revises: r2\n-- pgmig: upgrade\nSELECT 1 AS ' || repeat('x', 70) || ';');

-- Many lines and revisions
SELECT count(*) FROM pgmig_import((SELECT string_agg(format(E'-- M\n-- Revision ID: n%s\n-- pgmig: upgrade\n', i)
  || repeat(E'SELECT 1;\n', 100), E'\n') FROM generate_series(1, 1000) i));
ROLLBACK;

RESET timezone;
RESET datestyle;
DROP VIEW shown;
DROP EXTENSION pgmig;
