-- Index the delivery of alerts
--
-- For finding out whether a rule has alerted for an event before.
--
-- Revision ID: add_alerts_dedup_indexes
-- Revises: add_prompt_configs
-- Create Date: 2025-12-30 08:15:00+00

-- pgmig: upgrade
CREATE INDEX idx_alerts_delivered_at ON alerts (delivered_at);
CREATE INDEX idx_alerts_event_rule_delivered ON alerts (event_id, rule_id, delivered_at);

-- pgmig: downgrade
DROP INDEX idx_alerts_event_rule_delivered;
DROP INDEX idx_alerts_delivered_at;
