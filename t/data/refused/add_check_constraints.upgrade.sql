-- Rows that add_check_constraints has to refuse: run before its upgrade, which
-- then fails with SQLSTATE 23514, names seven constraints, and changes nothing.

UPDATE cameras SET status = 'weird' WHERE id = 'cam-1';
UPDATE events SET risk_score = 101 WHERE batch_id = 'json';
UPDATE detections SET confidence = 'NaN' WHERE file_path = '/cams/porch/1.jpg';
UPDATE zones SET color = 'red' WHERE id = 'zone-1';
UPDATE alert_rules SET cooldown_seconds = -1;

INSERT INTO logs (timestamp, level, component, message, source)
SELECT '2025-12-30 12:00:00+00', 'TRACE', 'refused', 'no such level, no such source', 'nowhere'
FROM generate_series(1, 6);
