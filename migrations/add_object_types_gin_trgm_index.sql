-- Add trigram search on the object types of events
--
-- Needs the extension pg_trgm. Where a database has it already it is used as it
-- is, and stays. Where it is missing it is created and marked in its comment.
-- The downgrade drops the extension only if it bears that mark and nothing in
-- the database depends on it: when several schemas of one database follow this
-- history, the last one to leave drops it.
--
-- The extension goes to the last schema of the search_path, which is the shared
-- one when a tenant's schema is put first. The operator class is always named
-- with the schema in which the extension was found.
--
-- Revision ID: add_object_types_gin_trgm
-- Revises: add_enrichment_data
-- Create Date: 2025-12-29 15:10:00+00

-- pgmig: upgrade
DO $$
DECLARE
    trgm_schema name;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        SELECT path.schema_name INTO STRICT trgm_schema
        FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (schema_name, place)
        WHERE path.schema_name !~ '^pg_'
        ORDER BY path.place DESC
        LIMIT 1;

        EXECUTE format('CREATE EXTENSION pg_trgm SCHEMA %I', trgm_schema);
        COMMENT ON EXTENSION pg_trgm IS
            'text similarity measurement and index searching based on trigrams '
            '(created by revision add_object_types_gin_trgm)';
    END IF;

    SELECT n.nspname INTO STRICT trgm_schema
    FROM pg_extension AS e
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';

    EXECUTE format(
        'CREATE INDEX idx_events_object_types_trgm ON events USING gin (object_types %I.gin_trgm_ops)',
        trgm_schema
    );
END;
$$;

-- pgmig: downgrade
DROP INDEX idx_events_object_types_trgm;

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_extension
        WHERE extname = 'pg_trgm'
            AND obj_description(oid, 'pg_extension') LIKE '%(created by revision add_object_types_gin_trgm)'
    ) THEN
        DROP EXTENSION pg_trgm;
    END IF;
EXCEPTION
    WHEN dependent_objects_still_exist OR insufficient_privilege THEN
        RAISE NOTICE 'extension "pg_trgm" stays: %', SQLERRM;
END;
$$;
