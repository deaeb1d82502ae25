-- Feedback of every type, with and without notes and an expected severity.

INSERT INTO event_feedback (event_id, feedback_type, notes, created_at, expected_severity) VALUES
    (2000001, 'correct', 'Stimmt', '2026-01-05 15:35:00+00', NULL),
    (2000002, 'correct', NULL, '2026-01-05 15:36:00+00', 'low'),
    (2000003, 'severity_wrong', E'\nzwei\nZeilen', '2026-01-05 15:37:00+00', 'critical'),
    (2000004, 'severity_wrong', '', '2026-01-05 15:38:00+00', NULL),
    (2000005, 'missed_threat', '[not a tag]', '2026-01-05 15:39:00+00', 'high'),
    (2000006, 'false_positive', NULL, '2026-01-05 15:40:00+00', 'medium');

UPDATE user_calibration
SET correct_count = 7, missed_threat_count = 8, severity_wrong_count = 9
WHERE user_id = 'admin';
