-- Index detections by camera and object type
--
-- Revision ID: add_detections_camera_object_idx
-- Revises: add_alerts_dedup_indexes
-- Create Date: 2025-12-30 09:05:00+00

-- pgmig: upgrade
CREATE INDEX idx_detections_camera_object_type ON detections (camera_id, object_type);

-- pgmig: downgrade
DROP INDEX idx_detections_camera_object_type;
