-- Store points in time with their time zone
--
-- Fourteen columns become timestamp with time zone. What they hold is UTC, and
-- both directions say so: without AT TIME ZONE the values would shift by the
-- offset of whichever session runs the revision.
--
-- Rewrites the seven tables under ACCESS EXCLUSIVE. All columns of a table are
-- changed in one statement, so that each table is rewritten once.
--
-- Revision ID: fix_datetime_tz
-- Revises: add_clip_path
-- Create Date: 2025-12-28 19:00:00+00

-- pgmig: upgrade
ALTER TABLE cameras
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN last_seen_at TYPE timestamptz USING last_seen_at AT TIME ZONE 'UTC';

ALTER TABLE gpu_stats
    ALTER COLUMN recorded_at TYPE timestamptz USING recorded_at AT TIME ZONE 'UTC';

ALTER TABLE logs
    ALTER COLUMN timestamp TYPE timestamptz USING timestamp AT TIME ZONE 'UTC';

ALTER TABLE detections
    ALTER COLUMN detected_at TYPE timestamptz USING detected_at AT TIME ZONE 'UTC';

ALTER TABLE events
    ALTER COLUMN started_at TYPE timestamptz USING started_at AT TIME ZONE 'UTC',
    ALTER COLUMN ended_at TYPE timestamptz USING ended_at AT TIME ZONE 'UTC';

ALTER TABLE alert_rules
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC';

ALTER TABLE alerts
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN delivered_at TYPE timestamptz USING delivered_at AT TIME ZONE 'UTC';

ALTER TABLE zones
    ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC';

-- pgmig: downgrade
ALTER TABLE zones
    ALTER COLUMN updated_at TYPE timestamp USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC';

ALTER TABLE alerts
    ALTER COLUMN delivered_at TYPE timestamp USING delivered_at AT TIME ZONE 'UTC',
    ALTER COLUMN updated_at TYPE timestamp USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC';

ALTER TABLE alert_rules
    ALTER COLUMN updated_at TYPE timestamp USING updated_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC';

ALTER TABLE events
    ALTER COLUMN ended_at TYPE timestamp USING ended_at AT TIME ZONE 'UTC',
    ALTER COLUMN started_at TYPE timestamp USING started_at AT TIME ZONE 'UTC';

ALTER TABLE detections
    ALTER COLUMN detected_at TYPE timestamp USING detected_at AT TIME ZONE 'UTC';

ALTER TABLE logs
    ALTER COLUMN timestamp TYPE timestamp USING timestamp AT TIME ZONE 'UTC';

ALTER TABLE gpu_stats
    ALTER COLUMN recorded_at TYPE timestamp USING recorded_at AT TIME ZONE 'UTC';

ALTER TABLE cameras
    ALTER COLUMN last_seen_at TYPE timestamp USING last_seen_at AT TIME ZONE 'UTC',
    ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC';
