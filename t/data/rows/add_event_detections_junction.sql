-- Links that no text list has, and one link at a time of its own.

INSERT INTO event_detections (event_id, detection_id, created_at)
SELECT e.id, d.id, '2025-12-31 10:35:00+00'
FROM events AS e
    JOIN detections AS d ON d.file_path IN ('/5.jpg', '/6.jpg')
WHERE e.batch_id IN ('null', 'gone');
