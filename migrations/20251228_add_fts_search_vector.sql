-- Add full-text search to events
--
-- A row trigger keeps events.search_vector up to date from the event's own
-- text and the name of its camera. Renaming a camera does not touch the events
-- it already has; their vectors follow when the events are next updated.
--
-- The downgrade drops object_types with its values. The vectors are derived
-- and come back with the next upgrade.
--
-- Revision ID: 20251228_fts
-- Revises: 968b0dff6a9b
-- Create Date: 2025-12-28 10:00:00+00

-- pgmig: upgrade
ALTER TABLE events
    ADD COLUMN object_types text,
    ADD COLUMN search_vector tsvector;

-- The look-up names the schema of the table that fired the trigger: the right
-- cameras table is read whatever the search_path of the writing session is.
--
-- A tsvector holds at most 1 MB. Cutting the text keeps an insert with an
-- endless summary from failing.
CREATE FUNCTION events_search_vector_update() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    camera_name text;
BEGIN
    EXECUTE format('SELECT name FROM %I.cameras WHERE id = $1', TG_TABLE_SCHEMA)
        INTO camera_name
        USING NEW.camera_id;

    NEW.search_vector := to_tsvector(
        'pg_catalog.english',
        left(concat_ws(' ', NEW.summary, NEW.reasoning, NEW.object_types, camera_name), 100000)
    );

    RETURN NEW;
END;
$$;

CREATE TRIGGER events_search_vector_trigger
    BEFORE INSERT OR UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION events_search_vector_update();

-- Fill the existing rows: the trigger computes the value. The index comes
-- after that, because building it once is cheaper than maintaining it.
UPDATE events SET search_vector = NULL;

CREATE INDEX idx_events_search_vector ON events USING gin (search_vector);

-- pgmig: downgrade
DROP TRIGGER events_search_vector_trigger ON events;
DROP FUNCTION events_search_vector_update();

DROP INDEX idx_events_search_vector;

ALTER TABLE events
    DROP COLUMN search_vector,
    DROP COLUMN object_types;
