-- Rows for audit_logs.

INSERT INTO audit_logs (timestamp, action, resource_type, resource_id, actor, ip_address, user_agent, details, status) VALUES
    ('2025-12-28 14:35:00+00', 'login', 'session', NULL, 'admin', '192.0.2.1', 'curl/8', '{"ok": true}', 'success'),
    ('2024-02-29 23:59:59+00', 'delete', 'camera', 'cam-0', 'Jürgen', '2001:db8::1', NULL, '{"reason":"\u0000", "z":1, "a":2}', 'failure'),
    ('2026-02-28 23:59:59.999999+00', 'noop', 'none', '', '', NULL, NULL, NULL, 'success');
