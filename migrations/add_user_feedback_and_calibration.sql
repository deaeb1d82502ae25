-- Add user feedback and calibration
--
-- Feedback says that an event was a false alarm, or that something was missed;
-- calibration holds each user's thresholds. The event of a feedback is not
-- enforced by a foreign key, because events is partitioned.
--
-- The downgrade drops both tables and every row in them.
--
-- Revision ID: add_user_feedback_calibration
-- Revises: drop_detection_ids_column
-- Create Date: 2026-01-03 11:00:00+00

-- pgmig: upgrade
CREATE TABLE event_feedback (
    id serial PRIMARY KEY,
    event_id integer NOT NULL,
    feedback_type varchar NOT NULL,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_event_feedback_event_id UNIQUE (event_id),
    CONSTRAINT ck_event_feedback_type
        CHECK (feedback_type::text IN ('false_positive', 'missed_detection'))
);

CREATE INDEX idx_event_feedback_event_id ON event_feedback (event_id);
CREATE INDEX idx_event_feedback_type ON event_feedback (feedback_type);
CREATE INDEX idx_event_feedback_created_at ON event_feedback (created_at);

CREATE TABLE user_calibration (
    id serial PRIMARY KEY,
    user_id varchar NOT NULL,
    low_threshold integer NOT NULL DEFAULT 30,
    medium_threshold integer NOT NULL DEFAULT 60,
    high_threshold integer NOT NULL DEFAULT 85,
    decay_factor double precision NOT NULL DEFAULT 0.1,
    false_positive_count integer NOT NULL DEFAULT 0,
    missed_detection_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_user_calibration_user_id UNIQUE (user_id),
    CONSTRAINT ck_user_calibration_low_range CHECK (low_threshold BETWEEN 0 AND 100),
    CONSTRAINT ck_user_calibration_medium_range CHECK (medium_threshold BETWEEN 0 AND 100),
    CONSTRAINT ck_user_calibration_high_range CHECK (high_threshold BETWEEN 0 AND 100),
    CONSTRAINT ck_user_calibration_threshold_order
        CHECK (low_threshold < medium_threshold AND medium_threshold < high_threshold),
    CONSTRAINT ck_user_calibration_decay_range CHECK (decay_factor BETWEEN 0.0 AND 1.0),
    CONSTRAINT ck_user_calibration_fp_count CHECK (false_positive_count >= 0),
    CONSTRAINT ck_user_calibration_md_count CHECK (missed_detection_count >= 0)
);

CREATE INDEX idx_user_calibration_user_id ON user_calibration (user_id);

-- pgmig: downgrade
DROP TABLE user_calibration;
DROP TABLE event_feedback;
