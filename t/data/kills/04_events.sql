-- Create events
--
-- Revision ID: events
-- Revises: states
-- Branch Labels: recording

-- pgmig: upgrade
CREATE TABLE shop.event (
    id       integer NOT NULL,
    happened date NOT NULL,
    what     text NOT NULL
) PARTITION BY RANGE (happened);
CREATE TABLE shop.event_2023 PARTITION OF shop.event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE shop.event_2024 PARTITION OF shop.event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.event_2025 PARTITION OF shop.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO shop.event
SELECT i, '2023-01-01'::date + i % 1096, 'event ' || i FROM generate_series(1, 3000) AS i;

-- pgmig: downgrade
DROP TABLE shop.event;
