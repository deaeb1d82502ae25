-- Archive the events of 2023
--
-- Revision ID: detach
-- Revises: events

-- pgmig: upgrade no-transaction
UPDATE shop.event SET what = what || '.' WHERE happened < '2024-01-01';
ALTER TABLE shop.event DETACH PARTITION shop.event_2023 CONCURRENTLY;
UPDATE shop.event_2023 SET what = what || '!';
ALTER TABLE shop.event_2023 RENAME TO event_archive;

-- pgmig: downgrade
ALTER TABLE shop.event_archive RENAME TO event_2023;
ALTER TABLE shop.event_2023 ADD CONSTRAINT marked CHECK (what = 'event ' || id || '.!');
ALTER TABLE shop.event_2023 DROP CONSTRAINT marked;
UPDATE shop.event_2023 SET what = left(what, -2);
ALTER TABLE shop.event ATTACH PARTITION shop.event_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
ALTER TABLE shop.event_2023 DROP CONSTRAINT IF EXISTS event_2023_happened_check;
