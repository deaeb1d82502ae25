-- Add activity and class baselines
--
-- They say what is normal for a camera, namely how many events it has in each
-- hour of the week, and how often it sees each object class in each hour of the
-- day.
--
-- The downgrade drops both tables. The baselines have to be learned again.
--
-- Revision ID: add_baselines
-- Revises: add_audit_logs
-- Create Date: 2025-12-28 16:10:00+00

-- pgmig: upgrade
CREATE TABLE activity_baselines (
    id serial PRIMARY KEY,
    camera_id varchar NOT NULL
        CONSTRAINT fk_activity_baselines_camera_id REFERENCES cameras (id) ON DELETE CASCADE,
    hour integer NOT NULL,
    day_of_week integer NOT NULL,
    avg_count double precision NOT NULL DEFAULT 0.0,
    sample_count integer NOT NULL DEFAULT 0,
    last_updated timestamptz NOT NULL,
    CONSTRAINT uq_activity_baseline_slot UNIQUE (camera_id, hour, day_of_week)
);

CREATE INDEX idx_activity_baseline_camera ON activity_baselines (camera_id);
CREATE INDEX idx_activity_baseline_slot ON activity_baselines (camera_id, hour, day_of_week);

CREATE TABLE class_baselines (
    id serial PRIMARY KEY,
    camera_id varchar NOT NULL
        CONSTRAINT fk_class_baselines_camera_id REFERENCES cameras (id) ON DELETE CASCADE,
    detection_class varchar NOT NULL,
    hour integer NOT NULL,
    frequency double precision NOT NULL DEFAULT 0.0,
    sample_count integer NOT NULL DEFAULT 0,
    last_updated timestamptz NOT NULL,
    CONSTRAINT uq_class_baseline_slot UNIQUE (camera_id, detection_class, hour)
);

CREATE INDEX idx_class_baseline_camera ON class_baselines (camera_id);
CREATE INDEX idx_class_baseline_class ON class_baselines (camera_id, detection_class);
CREATE INDEX idx_class_baseline_slot ON class_baselines (camera_id, detection_class, hour);

-- pgmig: downgrade
DROP TABLE class_baselines;
DROP TABLE activity_baselines;
