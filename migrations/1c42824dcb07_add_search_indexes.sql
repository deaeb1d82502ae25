-- Add full-text search to logs and trigram search to detections
--
-- A row trigger keeps logs.search_vector up to date: the message weighs most,
-- then the component, then the level. The extension pg_trgm is there since
-- add_object_types_gin_trgm, which is also the revision to drop it.
--
-- Revision ID: 1c42824dcb07
-- Revises: add_deleted_at_soft_delete
-- Create Date: 2026-01-04 11:15:00+00

-- pgmig: upgrade
ALTER TABLE logs ADD COLUMN search_vector tsvector;

-- A tsvector holds at most 1 MB: the message is cut, so that an endless one
-- does not fail.
CREATE FUNCTION logs_search_vector_update() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.search_vector :=
        setweight(to_tsvector('pg_catalog.english', left(coalesce(NEW.message, ''), 100000)), 'A')
        || setweight(to_tsvector('pg_catalog.english', coalesce(NEW.component, '')), 'B')
        || setweight(to_tsvector('pg_catalog.english', coalesce(NEW.level, '')), 'C');

    RETURN NEW;
END;
$$;

CREATE TRIGGER logs_search_vector_trigger
    BEFORE INSERT OR UPDATE ON logs
    FOR EACH ROW EXECUTE FUNCTION logs_search_vector_update();

-- Fill the existing rows: the trigger computes the value.
UPDATE logs SET search_vector = NULL;

CREATE INDEX idx_logs_search_vector ON logs USING gin (search_vector);

-- pg_trgm may live in a schema that is not on the search_path.
DO $$
BEGIN
    EXECUTE format(
        'CREATE INDEX idx_detections_object_type_trgm ON detections USING gin (object_type %s.gin_trgm_ops)',
        (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm')
    );
END;
$$;

-- pgmig: downgrade
DROP INDEX idx_detections_object_type_trgm;

DROP TRIGGER logs_search_vector_trigger ON logs;
DROP FUNCTION logs_search_vector_update();

DROP INDEX idx_logs_search_vector;

ALTER TABLE logs DROP COLUMN search_vector;
