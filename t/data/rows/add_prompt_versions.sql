-- Rows for prompt_versions, with versions that occur several times.

INSERT INTO prompt_versions (model, version, created_at, created_by, config_json, change_description, is_active) VALUES
    ('nemotron', 1, '2025-12-29 11:05:00+00', 'admin', '{"temperature": 0.2}', 'first', false),
    ('nemotron', 1, '2025-12-29 11:04:00+00', NULL, '{}', NULL, false),
    ('nemotron', 1, '2025-12-29 11:06:00+00', 'Jürgen', 'not json', 'third', true),
    ('nemotron', 2, '2025-12-29 11:07:00+00', NULL, '{}', NULL, false),
    ('nemotron', 2, '2025-12-29 11:07:00+00', NULL, '{}', NULL, false),
    ('nemotron', 3, '2025-12-29 11:08:00+00', NULL, '{}', NULL, false),
    ('florence2', 1, '2025-12-29 11:05:00+00', NULL, '', NULL, true);
