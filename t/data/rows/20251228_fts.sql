-- Rows for events.object_types, and one event that the trigger did not see.

INSERT INTO events (batch_id, camera_id, started_at, summary, reviewed, is_fast_path, object_types) VALUES
    ('typed', 'cam-1', '2025-12-28 10:30:00', 'Two dogs are running', false, false, 'dog, person'),
    ('typed', 'cam-5', '2026-01-03 10:30:00', NULL, true, true, 'Süßigkeit, 犬');

UPDATE events SET object_types = 'person' WHERE batch_id = 'json';

ALTER TABLE events DISABLE TRIGGER events_search_vector_trigger;

INSERT INTO events (batch_id, camera_id, started_at, summary, reviewed, is_fast_path)
VALUES ('without vector', 'cam-1', '2025-12-28 10:31:00', 'Nobody indexed this', false, false);

ALTER TABLE events ENABLE TRIGGER events_search_vector_trigger;
