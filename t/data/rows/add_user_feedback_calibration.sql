-- Rows for event_feedback and user_calibration. The event of a feedback need
-- not exist.

INSERT INTO event_feedback (event_id, feedback_type, notes, created_at) VALUES
    (1000001, 'false_positive', 'Nur der Wind', '2026-01-03 11:05:00+00'),
    (1000002, 'missed_detection', NULL, '2026-01-03 11:06:00+00'),
    (1000003, 'missed_detection', '', '2026-01-03 11:07:00+00');

INSERT INTO user_calibration (user_id, low_threshold, medium_threshold, high_threshold, decay_factor, false_positive_count, missed_detection_count, created_at, updated_at) VALUES
    ('admin', 0, 50, 100, 1.0, 3, 5, '2026-01-03 11:05:00+00', '2026-01-03 11:05:00+00'),
    ('Jürgen', DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, '2026-01-03 11:05:00+00', '2026-01-03 11:05:00+00');
