-- Add entities
--
-- Someone or something that is seen again and again. The detection that shows
-- an entity best is not enforced by a foreign key, because detections is
-- partitioned.
--
-- The downgrade drops the table and every entity in it.
--
-- Revision ID: add_entity_model
-- Revises: add_detection_search_vector
-- Create Date: 2026-01-05 09:10:00+00

-- pgmig: upgrade
CREATE TABLE entities (
    id uuid PRIMARY KEY,
    entity_type varchar(20) NOT NULL DEFAULT 'person',
    embedding_vector jsonb,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    detection_count integer NOT NULL DEFAULT 0,
    entity_metadata jsonb,
    primary_detection_id integer,
    CONSTRAINT ck_entities_entity_type
        CHECK (entity_type::text IN ('person', 'vehicle', 'animal', 'package', 'other')),
    CONSTRAINT ck_entities_detection_count CHECK (detection_count >= 0)
);

CREATE INDEX idx_entities_primary_detection_id ON entities (primary_detection_id)
    WHERE primary_detection_id IS NOT NULL;
CREATE INDEX idx_entities_entity_type ON entities (entity_type);
CREATE INDEX idx_entities_first_seen_at ON entities (first_seen_at);
CREATE INDEX idx_entities_last_seen_at ON entities (last_seen_at);
CREATE INDEX idx_entities_type_last_seen ON entities (entity_type, last_seen_at);
CREATE INDEX ix_entities_entity_metadata_gin ON entities USING gin (entity_metadata jsonb_path_ops);

-- pgmig: downgrade
DROP TABLE entities;
