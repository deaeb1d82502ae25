-- Rows for scene_changes.

INSERT INTO scene_changes (camera_id, detected_at, change_type, similarity_score, acknowledged, acknowledged_at, file_path) VALUES
    ('cam-1', '2026-01-03 14:45:00+00', 'view_blocked', 0.0, true, '2026-01-03 15:00:00+00', '/scenes/1.jpg'),
    ('cam-5', '2026-01-03 14:46:00+00', DEFAULT, 1.0, DEFAULT, NULL, NULL);
