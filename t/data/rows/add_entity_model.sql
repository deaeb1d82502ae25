-- Rows for entities. The detection of an entity need not exist.

INSERT INTO entities (id, entity_type, embedding_vector, first_seen_at, last_seen_at, detection_count, entity_metadata, primary_detection_id) VALUES
    ('e0000000-0000-4000-8000-000000000001', 'vehicle', '[0.1, -0.2]', '2026-01-05 09:15:00+00', '2026-01-05 09:16:00+00', 2, '{"plate": "B-ÄÖ 1"}', 1),
    ('e0000000-0000-4000-8000-000000000002', DEFAULT, NULL, '2026-01-05 09:15:00+00', '2026-01-05 09:15:00+00', DEFAULT, NULL, NULL);
