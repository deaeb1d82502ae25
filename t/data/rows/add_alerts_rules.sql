-- Rows for alert_rules and alerts.

INSERT INTO alert_rules (id, name, description, enabled, severity, risk_threshold, object_types, camera_ids, zone_ids, min_confidence, schedule, conditions, cooldown_seconds, channels, created_at, updated_at) VALUES
    ('a0000000-0000-4000-8000-000000000001', 'Night', 'Anything at night', true, 'high', 70, '["person"]', '["cam-1"]', '[]', 0.5, '{"from":"22:00",  "to":"06:00"}', '{}', 300, '["mail"]', '2025-12-28 11:30:00', '2025-12-28 11:30:00'),
    ('a0000000-0000-4000-8000-000000000002', 'Нет', NULL, false, DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, '2025-03-30 01:30:00', 'infinity');

INSERT INTO alerts (id, event_id, rule_id, severity, status, created_at, updated_at, delivered_at, channels, dedup_key, metadata)
SELECT
    'b0000000-0000-4000-8000-000000000001', e.id, 'a0000000-0000-4000-8000-000000000001',
    'high', 'delivered', '2025-12-28 11:31:00', '2025-12-28 11:31:00', '2025-12-28 11:31:05',
    '["mail"]', 'cam-1:Night', '{"b":1,"a":2}'
FROM events AS e
WHERE e.batch_id = 'json';

INSERT INTO alerts (id, event_id, created_at, updated_at, dedup_key)
SELECT 'b0000000-0000-4000-8000-000000000002', e.id, '2025-10-26 01:30:00', '2025-10-26 01:30:00', ''
FROM events AS e
WHERE e.batch_id = 'list';
