-- Make sure that camera timestamps have a time zone
--
-- For databases in which a column of cameras was left without time zone, or
-- changed back by hand. In a database that followed this history all three have
-- one since fix_datetime_tz, and nothing happens.
--
-- For the same reason the downgrade does nothing. Before this revision, too, the
-- history has these columns with time zone.
--
-- Revision ID: fix_camera_tz_idem
-- Revises: 6b206d6591cb
-- Create Date: 2026-01-06 12:30:00+00

-- pgmig: upgrade
DO $$
DECLARE
    column_name name;
BEGIN
    FOR column_name IN
        SELECT attname
        FROM pg_attribute
        WHERE attrelid = 'cameras'::regclass
            AND attname IN ('created_at', 'last_seen_at', 'deleted_at')
            AND atttypid = 'timestamp'::regtype
            AND NOT attisdropped
        ORDER BY attnum
    LOOP
        EXECUTE format(
            'ALTER TABLE cameras ALTER COLUMN %1$I TYPE timestamptz USING %1$I AT TIME ZONE ''UTC''',
            column_name
        );
    END LOOP;
END;
$$;

-- pgmig: downgrade
