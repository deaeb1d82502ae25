-- Rows for prompt_configs.

INSERT INTO prompt_configs (model, system_prompt, temperature, max_tokens, version, created_at, updated_at) VALUES
    ('nemotron', E'You are a guard.\n\tSag es auf Deutsch.', 0.1, 1, 3, '2025-12-29 17:30:00+00', '2025-12-29 17:31:00+00'),
    ('', '', DEFAULT, DEFAULT, DEFAULT, '2025-12-29 17:30:00+00', '2025-12-29 17:30:00+00');
