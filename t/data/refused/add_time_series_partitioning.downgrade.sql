-- Rows that the downgrade of add_time_series_partitioning has to refuse: run
-- after its upgrade. The downgrade then fails with SQLSTATE 23000, names
-- repeated ids and rows that refer to nothing, and changes nothing.

INSERT INTO events (id, batch_id, camera_id, started_at)
SELECT id, 'repeated', camera_id, '2026-02-02 00:00:00+00'
FROM events
WHERE batch_id = 'json';

INSERT INTO alerts (id, event_id, created_at, updated_at, dedup_key)
VALUES ('b0000000-0000-4000-8000-00000000000f', 987654321, '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00', 'orphan');

DELETE FROM detections WHERE file_path = '/cams/porch/1.jpg';
