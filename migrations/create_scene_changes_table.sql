-- Add scene changes
--
-- A camera that was covered, turned or tampered with.
--
-- The downgrade drops the table and every row in it.
--
-- Revision ID: create_scene_changes_table
-- Revises: d896ab921049
-- Create Date: 2026-01-03 14:40:00+00

-- pgmig: upgrade
CREATE TYPE scene_change_type_enum AS ENUM ('view_blocked', 'angle_changed', 'view_tampered', 'unknown');

CREATE TABLE scene_changes (
    id serial PRIMARY KEY,
    camera_id varchar NOT NULL
        CONSTRAINT fk_scene_changes_camera_id REFERENCES cameras (id) ON DELETE CASCADE,
    detected_at timestamptz NOT NULL DEFAULT now(),
    change_type scene_change_type_enum NOT NULL DEFAULT 'unknown',
    similarity_score double precision NOT NULL,
    acknowledged boolean NOT NULL DEFAULT false,
    acknowledged_at timestamptz,
    file_path varchar,
    CONSTRAINT ck_scene_changes_similarity_range CHECK (similarity_score BETWEEN 0.0 AND 1.0)
);

CREATE INDEX idx_scene_changes_camera_id ON scene_changes (camera_id);
CREATE INDEX idx_scene_changes_detected_at ON scene_changes (detected_at);
CREATE INDEX idx_scene_changes_acknowledged ON scene_changes (acknowledged);
CREATE INDEX idx_scene_changes_camera_acknowledged ON scene_changes (camera_id, acknowledged);
CREATE INDEX ix_scene_changes_detected_at_brin ON scene_changes USING brin (detected_at);
CREATE INDEX idx_scene_changes_acknowledged_false ON scene_changes (acknowledged) WHERE acknowledged = false;

-- pgmig: downgrade
DROP TABLE scene_changes;

DROP TYPE scene_change_type_enum;
