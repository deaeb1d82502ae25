-- Points in time with an offset; the second one would be lost or repeated in a
-- local time with daylight saving.

INSERT INTO gpu_stats (recorded_at, gpu_name) VALUES
    ('2025-12-28 19:05:00+00', 'A5500'),
    ('2025-03-30 02:30:00+05:30', 'A5500');

UPDATE cameras SET last_seen_at = '2025-12-28 19:06:00+00' WHERE id = 'cam-1';
