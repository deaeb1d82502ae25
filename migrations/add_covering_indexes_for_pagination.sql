-- Add covering indexes for pagination
--
-- A page of a list is read from the index alone. The summary of an event is not
-- included: a B-tree entry holds at most some 2,700 bytes, included columns
-- count, and one long summary would make the insert fail. A page that shows
-- summaries reads them from the table, one row each.
--
-- Revision ID: add_covering_indexes_pagination
-- Revises: add_composite_indexes_filters
-- Create Date: 2025-12-30 13:30:00+00

-- pgmig: upgrade
CREATE INDEX idx_events_pagination_covering ON events (camera_id, started_at)
    INCLUDE (id, risk_score, risk_level, reviewed);
CREATE INDEX idx_detections_pagination_covering ON detections (camera_id, detected_at)
    INCLUDE (id, object_type, confidence);
CREATE INDEX idx_alerts_pagination_covering ON alerts (created_at)
    INCLUDE (id, event_id, severity, status);
CREATE INDEX idx_logs_pagination_covering ON logs (timestamp)
    INCLUDE (id, level, component, camera_id);

-- pgmig: downgrade
DROP INDEX idx_logs_pagination_covering;
DROP INDEX idx_alerts_pagination_covering;
DROP INDEX idx_detections_pagination_covering;
DROP INDEX idx_events_pagination_covering;
