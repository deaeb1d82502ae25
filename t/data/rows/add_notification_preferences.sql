-- Rows for the notification tables.

UPDATE notification_preferences SET sound = 'chime', risk_filters = '{critical}';

INSERT INTO camera_notification_settings (id, camera_id, enabled, risk_threshold) VALUES
    ('c0000000-0000-4000-8000-000000000001', 'cam-1', false, 100),
    ('c0000000-0000-4000-8000-000000000002', 'cam-5', DEFAULT, DEFAULT);

INSERT INTO quiet_hours_periods (id, label, start_time, end_time, days) VALUES
    ('d0000000-0000-4000-8000-000000000001', 'Mittagsruhe', '13:00', '15:00', DEFAULT),
    ('d0000000-0000-4000-8000-000000000002', '', '00:00', '24:00', '{}');
