-- Add notification preferences
--
-- Global preferences (one row, inserted here), settings for single cameras, and
-- quiet hours. A quiet period does not span midnight; two periods do.
--
-- The downgrade drops the three tables with all settings. A new upgrade starts
-- from the defaults.
--
-- Revision ID: add_notification_preferences
-- Revises: add_detections_obj_type_time_idx
-- Create Date: 2026-01-02 13:45:00+00

-- pgmig: upgrade
CREATE TABLE notification_preferences (
    id serial PRIMARY KEY,
    enabled boolean NOT NULL DEFAULT true,
    sound varchar NOT NULL DEFAULT 'default',
    risk_filters varchar[] NOT NULL DEFAULT '{critical,high,medium}',
    CONSTRAINT ck_notification_preferences_singleton CHECK (id = 1),
    CONSTRAINT ck_notification_preferences_sound
        CHECK (sound::text IN ('none', 'default', 'alert', 'chime', 'urgent'))
);

CREATE TABLE camera_notification_settings (
    id uuid PRIMARY KEY,
    camera_id varchar NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    enabled boolean NOT NULL DEFAULT true,
    risk_threshold integer NOT NULL DEFAULT 0,
    CONSTRAINT ck_camera_notification_settings_risk_threshold
        CHECK (risk_threshold BETWEEN 0 AND 100)
);

CREATE UNIQUE INDEX idx_camera_notification_settings_camera_id ON camera_notification_settings (camera_id);

CREATE TABLE quiet_hours_periods (
    id uuid PRIMARY KEY,
    label varchar NOT NULL,
    start_time time NOT NULL,
    end_time time NOT NULL,
    days varchar[] NOT NULL
        DEFAULT '{monday,tuesday,wednesday,thursday,friday,saturday,sunday}',
    CONSTRAINT ck_quiet_hours_periods_time_range CHECK (start_time < end_time)
);

CREATE INDEX idx_quiet_hours_periods_start_end ON quiet_hours_periods (start_time, end_time);

INSERT INTO notification_preferences (id, enabled, sound, risk_filters)
VALUES (1, true, 'default', '{critical,high,medium}');

-- pgmig: downgrade
DROP TABLE quiet_hours_periods;
DROP TABLE camera_notification_settings;
DROP TABLE notification_preferences;
