-- Rows for every partition, with the new columns and ids from the sequences.

INSERT INTO detections (camera_id, file_path, file_type, detected_at, object_type, confidence, media_type, duration, video_codec, video_width, video_height, enrichment_data) VALUES
    ('cam-1', '/cams/porch/p1.mp4', 'video/mp4', '2025-12-31 14:05:00+00', 'person', 0.5, 'video', 12.5, 'h264', 1920, 1080, '{"a": 1}'),
    ('cam-1', '/cams/porch/p2.jpg', 'image/jpeg', '2026-01-31 23:59:59.999999+00', 'person', 0.5, DEFAULT, NULL, NULL, NULL, NULL, NULL),
    ('cam-1', '/cams/porch/p3.jpg', 'image/jpeg', '2026-02-01 00:00:00+00', 'person', 0.5, NULL, NULL, NULL, NULL, NULL, NULL),
    ('cam-5', '/cams/gärten/p4.jpg', 'image/jpeg', '2026-03-01 00:00:00+00', 'person', 0.5, DEFAULT, NULL, NULL, NULL, NULL, NULL);

INSERT INTO events (batch_id, camera_id, started_at, ended_at, risk_level, summary, detection_ids, deleted_at) VALUES
    ('partitioned', 'cam-1', '2025-12-31 14:05:00+00', '2025-12-31 14:06:00+00', 'low', 'In December', NULL, NULL),
    ('partitioned', 'cam-1', '2026-01-01 00:00:00+00', NULL, NULL, 'In January', 'x', '2026-01-02 00:00:00+00'),
    ('partitioned', 'cam-1', '2026-02-28 23:59:59+00', NULL, NULL, 'In February', '[]', NULL),
    ('partitioned', 'cam-5', '2027-01-01 00:00:00+00', NULL, NULL, 'Später', NULL, NULL);

INSERT INTO event_detections (event_id, detection_id, created_at)
SELECT e.id, d.id, '2025-12-31 14:10:00+00'
FROM events AS e
    CROSS JOIN detections AS d
WHERE e.summary = 'In December' AND d.file_path = '/cams/porch/p1.mp4';

INSERT INTO logs (timestamp, level, component, message, extra) VALUES
    ('2025-12-31 14:05:00+00', 'INFO', 'ingest', 'partitioned', '{"a": {"b": []}}'),
    ('2026-01-15 00:00:00+00', 'INFO', 'ingest', 'partitioned', NULL),
    ('2026-02-15 00:00:00+00', 'INFO', 'ingest', 'partitioned', '"x"'),
    ('2001-01-01 00:00:00+00', 'INFO', 'ingest', 'partitioned', 'null');

INSERT INTO gpu_stats (recorded_at) VALUES
    ('2025-12-31 14:05:00+00'),
    ('2026-01-15 00:00:00+00'),
    ('2026-02-15 00:00:00+00'),
    ('2026-03-15 00:00:00+00');

INSERT INTO audit_logs (timestamp, action, resource_type, actor, details) VALUES
    ('2025-12-31 14:05:00+00', 'login', 'session', 'admin', '{"ok": false}'),
    ('2026-01-15 00:00:00+00', 'login', 'session', 'admin', NULL),
    ('2026-02-15 00:00:00+00', 'login', 'session', 'admin', '[]'),
    ('2030-01-01 00:00:00+00', 'login', 'session', 'admin', '1');
