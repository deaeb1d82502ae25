-- Index events
--
-- Of a partitioned table, part by part: the index of the whole is not valid until it has
-- those of all parts.
--
-- Revision ID: event_index
-- Revises: detach
-- Depends On: indexes

-- pgmig: upgrade no-transaction
SET search_path TO shop;
CREATE INDEX event_what_idx ON ONLY event (what);
CREATE INDEX CONCURRENTLY event_2024_what_idx ON event_2024 (what);
ALTER INDEX event_what_idx ATTACH PARTITION event_2024_what_idx;
CREATE INDEX CONCURRENTLY event_2025_what_idx ON event_2025 (what);
ALTER INDEX event_what_idx ATTACH PARTITION event_2025_what_idx;
REINDEX TABLE CONCURRENTLY event;

-- pgmig: downgrade
DROP INDEX shop.event_what_idx;
