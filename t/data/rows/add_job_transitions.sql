-- Rows for job_transitions.

INSERT INTO job_transitions (id, job_id, from_status, to_status, transitioned_at, triggered_by, metadata_json) VALUES
    ('f0000000-0000-4000-8000-000000000001', 'job-1', 'pending', 'running', '2026-01-05 13:05:00+00', 'api', 'not json'),
    ('f0000000-0000-4000-8000-000000000002', 'job-1', 'running', 'done', '2026-01-05 13:06:00+00', DEFAULT, NULL);
