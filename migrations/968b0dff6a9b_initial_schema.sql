-- Create the base schema
--
-- The tables are API keys, cameras, GPU statistics, logs, detections and events.
-- Detections and events belong to a camera and go with it.
--
-- The downgrade drops the six tables and every row in them.
--
-- Revision ID: 968b0dff6a9b
-- Revises:
-- Create Date: 2025-12-21 09:12:00+00

-- pgmig: upgrade
CREATE TABLE api_keys (
    id serial PRIMARY KEY,
    key_hash varchar(64) NOT NULL,
    name varchar(100) NOT NULL,
    created_at timestamptz NOT NULL,
    is_active boolean NOT NULL
);

CREATE UNIQUE INDEX ix_api_keys_key_hash ON api_keys (key_hash);

CREATE TABLE cameras (
    id varchar PRIMARY KEY,
    name varchar NOT NULL,
    folder_path varchar NOT NULL,
    status varchar NOT NULL,
    created_at timestamp NOT NULL,
    last_seen_at timestamp
);

CREATE TABLE gpu_stats (
    id serial PRIMARY KEY,
    recorded_at timestamp NOT NULL,
    gpu_name varchar(255),
    gpu_utilization double precision,
    memory_used integer,
    memory_total integer,
    temperature double precision,
    power_usage double precision,
    inference_fps double precision
);

CREATE INDEX idx_gpu_stats_recorded_at ON gpu_stats (recorded_at);

-- A log line may outlive the camera, event or detection that it is about:
-- logs has no foreign keys.
CREATE TABLE logs (
    id serial PRIMARY KEY,
    timestamp timestamp NOT NULL DEFAULT now(),
    level varchar(10) NOT NULL,
    component varchar(50) NOT NULL,
    message text NOT NULL,
    camera_id varchar(100),
    event_id integer,
    request_id varchar(36),
    detection_id integer,
    duration_ms integer,
    extra json,
    source varchar(10) NOT NULL,
    user_agent text
);

CREATE INDEX idx_logs_camera_id ON logs (camera_id);
CREATE INDEX idx_logs_component ON logs (component);
CREATE INDEX idx_logs_level ON logs (level);
CREATE INDEX idx_logs_source ON logs (source);
CREATE INDEX idx_logs_timestamp ON logs (timestamp);

CREATE TABLE detections (
    id serial PRIMARY KEY,
    camera_id varchar NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    file_path varchar NOT NULL,
    file_type varchar,
    detected_at timestamp NOT NULL,
    object_type varchar,
    confidence double precision,
    bbox_x integer,
    bbox_y integer,
    bbox_width integer,
    bbox_height integer,
    thumbnail_path varchar
);

CREATE INDEX idx_detections_camera_id ON detections (camera_id);
CREATE INDEX idx_detections_camera_time ON detections (camera_id, detected_at);
CREATE INDEX idx_detections_detected_at ON detections (detected_at);

CREATE TABLE events (
    id serial PRIMARY KEY,
    batch_id varchar NOT NULL,
    camera_id varchar NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    started_at timestamp NOT NULL,
    ended_at timestamp,
    risk_score integer,
    risk_level varchar,
    summary text,
    reasoning text,
    detection_ids text,
    reviewed boolean NOT NULL,
    notes text,
    is_fast_path boolean NOT NULL
);

CREATE INDEX idx_events_batch_id ON events (batch_id);
CREATE INDEX idx_events_camera_id ON events (camera_id);
CREATE INDEX idx_events_reviewed ON events (reviewed);
CREATE INDEX idx_events_risk_score ON events (risk_score);
CREATE INDEX idx_events_started_at ON events (started_at);

-- pgmig: downgrade
DROP TABLE events;
DROP TABLE detections;
DROP TABLE logs;
DROP TABLE gpu_stats;
DROP TABLE cameras;
DROP TABLE api_keys;
