-- Add prompt configurations
--
-- The downgrade drops the table and every configuration in it.
--
-- Revision ID: add_prompt_configs
-- Revises: d4cdaa821492
-- Create Date: 2025-12-29 17:25:00+00

-- pgmig: upgrade
CREATE TABLE prompt_configs (
    id serial PRIMARY KEY,
    model varchar(50) NOT NULL,
    system_prompt text NOT NULL,
    temperature double precision NOT NULL DEFAULT 0.7,
    max_tokens integer NOT NULL DEFAULT 2048,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX idx_prompt_configs_model ON prompt_configs (model);
CREATE INDEX idx_prompt_configs_updated_at ON prompt_configs (updated_at);

-- pgmig: downgrade
DROP TABLE prompt_configs;
