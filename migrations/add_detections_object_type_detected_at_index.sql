-- Index detections by object type and time
--
-- Revision ID: add_detections_obj_type_time_idx
-- Revises: 00c8a000b44f
-- Create Date: 2026-01-02 11:30:00+00

-- pgmig: upgrade
CREATE INDEX ix_detections_object_type_detected_at ON detections (object_type, detected_at);

-- pgmig: downgrade
DROP INDEX ix_detections_object_type_detected_at;
