-- Rows for activity_baselines and class_baselines.

INSERT INTO activity_baselines (camera_id, hour, day_of_week, avg_count, sample_count, last_updated) VALUES
    ('cam-1', 0, 0, 1.5, 10, '2025-12-28 16:15:00+00'),
    ('cam-1', 23, 6, 0.1, 3, '2025-12-28 16:15:00+00'),
    ('cam-2', 12, 3, DEFAULT, DEFAULT, '2025-12-28 16:15:00+00');

INSERT INTO class_baselines (camera_id, detection_class, hour, frequency, sample_count, last_updated) VALUES
    ('cam-1', 'person', 12, 0.75, 100, '2025-12-28 16:15:00+00'),
    ('cam-5', '犬', 0, DEFAULT, DEFAULT, '2025-12-28 16:15:00+00');
