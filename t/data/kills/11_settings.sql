-- Settings that later statements need
--
-- Each of them has to be in force again for a run that goes on in the middle:
-- the owner, the zone, the form of dates, and what was reset.
--
-- Revision ID: settings
-- Revises: fill_call

-- pgmig: upgrade no-transaction
SET ROLE shop_owner;
CREATE TABLE shop.owned (id integer PRIMARY KEY, at timestamptz NOT NULL);
SET TIME ZONE 'Asia/Tokyo';
SET datestyle = 'ISO, DMY';
INSERT INTO shop.owned SELECT i, '01.02.2024 00:00'::timestamp + i * interval '1 hour' FROM generate_series(1, 500) AS i;
VACUUM shop.owned;
SET search_path = shop;
CREATE INDEX CONCURRENTLY ON owned (at);
RESET ROLE;
RESET search_path;
CREATE TABLE outside AS SELECT id, at::text AS at FROM shop.owned;
CREATE INDEX CONCURRENTLY outside_at_idx ON outside (at);
RESET ALL;
CREATE VIEW public.seen AS SELECT id, at FROM outside;

-- pgmig: downgrade no-transaction
DROP VIEW public.seen;
DROP INDEX CONCURRENTLY outside_at_idx;
DROP TABLE outside;
SET ROLE shop_owner;
DROP INDEX CONCURRENTLY shop.owned_at_idx;
DROP TABLE shop.owned;
