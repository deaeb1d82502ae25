-- Add enrichment data to detections
--
-- The downgrade drops the column with its values.
--
-- Revision ID: add_enrichment_data
-- Revises: add_camera_unique_constraints
-- Create Date: 2025-12-29 13:40:00+00

-- pgmig: upgrade
ALTER TABLE detections ADD COLUMN enrichment_data jsonb;

CREATE INDEX idx_detections_enrichment_data ON detections USING gin (enrichment_data);

-- pgmig: downgrade
DROP INDEX idx_detections_enrichment_data;

ALTER TABLE detections DROP COLUMN enrichment_data;
