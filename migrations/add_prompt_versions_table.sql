-- Add prompt versions
--
-- The downgrade drops the table and every version in it.
--
-- Revision ID: add_prompt_versions
-- Revises: add_event_audits
-- Create Date: 2025-12-29 11:00:00+00

-- pgmig: upgrade
CREATE TYPE aimodel AS ENUM ('nemotron', 'florence2', 'yolo_world', 'xclip', 'fashion_clip');

CREATE TABLE prompt_versions (
    id serial PRIMARY KEY,
    model aimodel NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by varchar(255),
    config_json text NOT NULL,
    change_description text,
    is_active boolean NOT NULL DEFAULT false
);

CREATE INDEX idx_prompt_versions_model ON prompt_versions (model);
CREATE INDEX idx_prompt_versions_model_version ON prompt_versions (model, version);
CREATE INDEX idx_prompt_versions_model_active ON prompt_versions (model, is_active);
CREATE INDEX idx_prompt_versions_created_at ON prompt_versions (created_at);

-- pgmig: downgrade
DROP TABLE prompt_versions;

DROP TYPE aimodel;
