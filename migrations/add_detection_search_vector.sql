-- Add full-text search and labels to detections
--
-- Both columns are derived, by a row trigger, from the object type, the name of
-- the camera and the classification of vehicles and pets in enrichment_data.
-- They come back with the next upgrade after a downgrade; labels written by
-- hand do not last.
--
-- Revision ID: add_detection_search_vector
-- Revises: 1c42824dcb07
-- Create Date: 2026-01-04 13:50:00+00

-- pgmig: upgrade
ALTER TABLE detections
    ADD COLUMN search_vector tsvector,
    ADD COLUMN labels jsonb;

-- The camera is looked up in the schema of the table that fired the trigger.
-- A key that is missing, or a value that is no object, gives NULL.
CREATE FUNCTION detections_search_vector_update() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    camera_name text;
    vehicle jsonb := NEW.enrichment_data -> 'vehicle_classification';
    pet jsonb := NEW.enrichment_data -> 'pet_classification';
BEGIN
    EXECUTE format('SELECT name FROM %I.cameras WHERE id = $1', TG_TABLE_SCHEMA)
        INTO camera_name
        USING NEW.camera_id;

    -- Distinct labels in order, or NULL when there are none.
    NEW.labels := (
        SELECT jsonb_agg(DISTINCT label ORDER BY label)
        FROM unnest(ARRAY[
            NEW.object_type, vehicle ->> 'make', vehicle ->> 'model', pet ->> 'breed'
        ]) AS label
        WHERE label <> ''
    );

    NEW.search_vector := to_tsvector(
        'pg_catalog.english',
        left(
            concat_ws(
                ' ', NEW.object_type, camera_name,
                vehicle ->> 'make', vehicle ->> 'model', vehicle ->> 'color',
                pet ->> 'breed', pet ->> 'species'
            ),
            100000
        )
    );

    RETURN NEW;
END;
$$;

CREATE TRIGGER detections_search_vector_trigger
    BEFORE INSERT OR UPDATE ON detections
    FOR EACH ROW EXECUTE FUNCTION detections_search_vector_update();

-- Fill the existing rows: the trigger computes both values.
UPDATE detections SET search_vector = NULL;

CREATE INDEX idx_detections_search_vector ON detections USING gin (search_vector);
CREATE INDEX idx_detections_labels_gin ON detections USING gin (labels);

-- pgmig: downgrade
DROP TRIGGER detections_search_vector_trigger ON detections;
DROP FUNCTION detections_search_vector_update();

DROP INDEX idx_detections_labels_gin;
DROP INDEX idx_detections_search_vector;

ALTER TABLE detections
    DROP COLUMN labels,
    DROP COLUMN search_vector;
