-- Add zones
--
-- A zone is a named area in a camera's picture.
--
-- The downgrade drops the table and every zone in it.
--
-- Revision ID: add_zones_001
-- Revises: add_alerts_rules
-- Create Date: 2025-12-28 13:05:00+00

-- pgmig: upgrade
CREATE TYPE zone_type_enum AS ENUM ('entry_point', 'driveway', 'sidewalk', 'yard', 'other');
CREATE TYPE zone_shape_enum AS ENUM ('rectangle', 'polygon');

CREATE TABLE zones (
    id varchar PRIMARY KEY,
    camera_id varchar NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    zone_type zone_type_enum NOT NULL,
    coordinates jsonb NOT NULL,
    shape zone_shape_enum NOT NULL,
    color varchar(7) NOT NULL,
    enabled boolean NOT NULL,
    priority integer NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE INDEX idx_zones_camera_id ON zones (camera_id);
CREATE INDEX idx_zones_enabled ON zones (enabled);
CREATE INDEX idx_zones_camera_enabled ON zones (camera_id, enabled);

-- pgmig: downgrade
DROP TABLE zones;

DROP TYPE zone_shape_enum;
DROP TYPE zone_type_enum;
