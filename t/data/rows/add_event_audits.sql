-- Rows for event_audits.

INSERT INTO event_audits (event_id, audited_at, has_clip, prompt_length, enrichment_utilization, context_usage_score, overall_quality_score, self_eval_critique)
SELECT id, '2025-12-29 09:50:00+00', true, 1234, 0.5, 1.0, 5.0, 'Schön'
FROM events
WHERE batch_id = 'json';

INSERT INTO event_audits (event_id, audited_at)
SELECT id, '2020-01-01 00:00:00+00'
FROM events
WHERE batch_id = 'gone';
