-- Add trust to entities
--
-- The downgrade drops the column, and which entities are trusted is lost.
--
-- Revision ID: add_trust_status_to_entities
-- Revises: 071128727b6c
-- Create Date: 2026-01-07 09:45:00+00

-- pgmig: upgrade
ALTER TABLE entities
    ADD COLUMN trust_status varchar(20) NOT NULL DEFAULT 'unknown'
        CONSTRAINT ck_entities_trust_status CHECK (trust_status::text IN ('trusted', 'untrusted', 'unknown'));

CREATE INDEX idx_entities_trust_status ON entities (trust_status);

-- pgmig: downgrade
DROP INDEX idx_entities_trust_status;

ALTER TABLE entities
    DROP CONSTRAINT ck_entities_trust_status,
    DROP COLUMN trust_status;
