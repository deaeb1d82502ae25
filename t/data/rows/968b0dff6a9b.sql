-- Rows for the base schema. Among them: cameras that share names and folder
-- paths (and one that has the name that another will be given), texts outside
-- ASCII, summaries too long for an index or a tsvector, lists of detections in
-- every format seen, json that jsonb refuses, rows far outside the months of
-- the partitions.

INSERT INTO api_keys (key_hash, name, created_at, is_active) VALUES
    (repeat('a', 64), 'main', '2025-12-01 08:00:00+00', true),
    (repeat('b', 64), 'отозван', '2025-12-02 23:59:59.999999+05:30', false);

INSERT INTO cameras (id, name, folder_path, status, created_at, last_seen_at) VALUES
    ('cam-1', 'Porch', '/cams/porch', 'online', '2025-11-01 10:00:00', '2025-12-24 18:00:00'),
    ('cam-2', 'Porch', '/cams/porch', 'offline', '2025-11-02 10:00:00', NULL),
    ('cam-3', 'Porch', '/cams/porch 3', 'unknown', '2025-11-01 10:00:00', NULL),
    ('cam-4', 'Porch (cam-2)', '/cams/porch (cam-2)', 'error', '2025-11-05 10:00:00', NULL),
    ('cam-5', 'Gärten ''Süd'' 日本 🎥', '/cams/gärten/süd', 'online', '2025-03-30 01:30:00', '2025-10-26 01:30:00'),
    ('cam "6"', '', '', 'online', '1970-01-01 00:00:00', 'infinity'),
    ('cam-7', '', '', 'online', '1970-01-01 00:00:00', NULL);

INSERT INTO gpu_stats (recorded_at, gpu_name, gpu_utilization, memory_used, memory_total, temperature, power_usage, inference_fps) VALUES
    ('2025-12-21 10:00:00', 'A5500', 12.5, 1024, 24576, 41.25, 77.7, 29.97),
    ('2026-01-31 23:59:59.999999', 'A5500', 'NaN', NULL, NULL, 'Infinity', NULL, NULL),
    ('2026-02-01 00:00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('2031-06-15 12:00:00', 'later', 0, 0, 0, 0, 0, 0);

INSERT INTO logs (timestamp, level, component, message, camera_id, event_id, request_id, detection_id, duration_ms, extra, source, user_agent) VALUES
    ('2025-12-21 10:00:00', 'INFO', 'ingest', 'started', 'cam-1', 1, '5f0c1f0e-0000-4000-8000-000000000001', 1, 15, '{"a": 1, "b": [true, null]}', 'backend', NULL),
    ('2025-11-30 23:59:59.999999', 'ERROR', 'api', 'fel: "ö" 日本', 'no such camera', 987654, NULL, NULL, NULL, 'null', 'frontend', 'Mozilla/5.0'),
    ('2026-01-15 00:00:00', 'CRITICAL', 'worker', repeat('disk full; ', 2000), NULL, NULL, NULL, NULL, NULL, '"text"', 'backend', ''),
    ('infinity', 'DEBUG', '', '', '', NULL, '', NULL, -1, '[]', 'backend', NULL),
    ('2025-12-22 10:00:00', 'WARNING', 'ingest', 'json that jsonb refuses', NULL, NULL, NULL, NULL, NULL, '{"text": "a\u0000b"}', 'backend', NULL),
    ('2025-12-22 10:00:01', 'WARNING', 'ingest', 'json that jsonb refuses', NULL, NULL, NULL, NULL, NULL, '"\ud800"', 'backend', NULL),
    ('2025-12-22 10:00:02', 'WARNING', 'ingest', 'json that jsonb refuses', NULL, NULL, NULL, NULL, NULL, '[1e400000]', 'backend', NULL),
    ('2025-12-22 10:00:03', 'INFO', 'ingest', 'layout that jsonb does not keep', NULL, NULL, NULL, NULL, NULL, '{"zebra":1,  "a":2, "a":3}', 'backend', NULL);

INSERT INTO detections (camera_id, file_path, file_type, detected_at, object_type, confidence, bbox_x, bbox_y, bbox_width, bbox_height, thumbnail_path) VALUES
    ('cam-1', '/cams/porch/1.jpg', 'image/jpeg', '2025-12-21 10:00:00', 'person', 0.93, 1, 2, 3, 4, '/thumbs/1.jpg'),
    ('cam-1', '/cams/porch/2.mp4', 'video/mp4', '2025-12-31 23:59:59.999999', 'vehicle', 1.0, NULL, NULL, NULL, NULL, NULL),
    ('cam-2', '/cams/porch/3.jpg', NULL, '2026-01-01 00:00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('cam-5', '/cams/gärten/4.jpg', 'image/jpeg', '2019-06-01 12:00:00', 'hund 🐕', 0.0, -1, -2, 0, 0, ''),
    ('cam "6"', '/5.jpg', '', '2026-03-01 00:00:00', '', 0.5, 2147483647, -2147483648, 1, 1, '/t'),
    ('cam-7', '/6.jpg', 'image/png', '-infinity', 'cat', 0.25, NULL, NULL, NULL, NULL, NULL);

-- Lists of detections are written with the ids that the rows above were given.
INSERT INTO events (batch_id, camera_id, started_at, ended_at, risk_score, risk_level, summary, reasoning, detection_ids, reviewed, notes, is_fast_path)
SELECT
    list.batch_id, list.camera_id, list.started_at, list.ended_at, list.risk_score, list.risk_level,
    list.summary, list.reasoning,
    replace(replace(list.detection_ids, '$1', ids.first::text), '$2', ids.second::text),
    list.reviewed, list.notes, list.is_fast_path
FROM (
    SELECT min(id) FILTER (WHERE file_path = '/cams/porch/1.jpg') AS first,
        min(id) FILTER (WHERE file_path = '/cams/porch/2.mp4') AS second
    FROM detections
) AS ids
CROSS JOIN (VALUES
    ('json', 'cam-1', timestamp '2025-12-21 10:00:00', timestamp '2025-12-21 10:01:00', 10, 'low', 'A person walks by', 'It is noon', '[$1, $2]', false, NULL, false),
    ('json strings', 'cam-1', '2025-12-31 23:59:59.999999', NULL, NULL, NULL, NULL, NULL, E' ["$2",\n"$1"] ', true, 'hm', true),
    ('list', 'cam-2', '2026-01-01 00:00:00', NULL, 100, 'critical', '日本 🎥 Übergabe', NULL, '$2, $1,$1', false, '', false),
    ('gone', 'cam-2', '2026-01-31 23:59:59', NULL, 50, 'medium', '', '', '[999999998, 999999999]', false, NULL, false),
    ('partly gone', 'cam-5', '2026-02-28 23:59:59', NULL, 50, 'high', NULL, NULL, '$1,999999999', false, NULL, false),
    ('not json', 'cam-5', '2026-03-01 00:00:00', NULL, 0, 'low', NULL, NULL, '[$1, $2, oops]', false, NULL, false),
    ('not json at all', 'cam-5', '2018-01-01 00:00:00', 'infinity', 0, 'low', NULL, NULL, '[{"a": ]', true, NULL, false),
    ('odd json', 'cam-1', '2025-12-22 00:00:00', NULL, NULL, NULL, NULL, NULL, '[[$1], {"id": $2}, null, true, 1.5, 1e2, "$2", -7, "\u0000"]', true, NULL, false),
    ('big numbers', 'cam-1', '2025-12-23 00:00:00', NULL, NULL, NULL, NULL, NULL, '000$1,99999999999999999999999999,2147483648,٣', true, NULL, false),
    ('words', 'cam-1', '2025-12-24 00:00:00', NULL, NULL, NULL, NULL, NULL, 'none, , n/a', true, NULL, false),
    ('empty array', 'cam-1', '2025-12-25 00:00:00', NULL, NULL, NULL, NULL, NULL, '[]', true, NULL, false),
    ('empty', 'cam-1', '2025-12-26 00:00:00', NULL, NULL, NULL, NULL, NULL, '', true, NULL, false),
    ('blank', 'cam "6"', 'infinity', NULL, NULL, NULL, NULL, NULL, ' ', true, NULL, false),
    ('null', 'cam-7', '-infinity', NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, true)
) AS list (batch_id, camera_id, started_at, ended_at, risk_score, risk_level, summary, reasoning, detection_ids, reviewed, notes, is_fast_path);

-- Too long for a B-tree entry, and too long for a tsvector.
INSERT INTO events (batch_id, camera_id, started_at, summary, reasoning, reviewed, is_fast_path)
SELECT 'long', 'cam-1', '2025-12-27 00:00:00', string_agg(md5(n::text), ' '), repeat('because ', 10000), false, false
FROM generate_series(1, 2000) AS n;

INSERT INTO events (batch_id, camera_id, started_at, summary, reviewed, is_fast_path)
SELECT 'very long', 'cam-1', '2025-12-27 01:00:00', string_agg(md5(n::text), ' '), true, false
FROM generate_series(1, 50000) AS n;
