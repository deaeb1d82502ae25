-- An event that never had a text list.

INSERT INTO events (batch_id, camera_id, started_at, summary)
VALUES ('junction only', 'cam-1', '2026-01-03 09:25:00+00', 'No list any more');

INSERT INTO event_detections (event_id, detection_id, created_at)
SELECT e.id, d.id, '2026-01-03 09:26:00+00'
FROM events AS e
    CROSS JOIN detections AS d
WHERE e.batch_id = 'junction only' AND d.file_path IN ('/5.jpg', '/6.jpg');
