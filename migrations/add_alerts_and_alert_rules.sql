-- Add alert rules and alerts
--
-- An alert belongs to an event and goes with it; it outlives the rule that
-- raised it. Keys are made by the application, so they have no default.
--
-- The downgrade drops both tables and every row in them.
--
-- Revision ID: add_alerts_rules
-- Revises: 20251228_fts
-- Create Date: 2025-12-28 11:20:00+00

-- pgmig: upgrade
CREATE TYPE alert_severity AS ENUM ('low', 'medium', 'high', 'critical');
CREATE TYPE alert_status AS ENUM ('pending', 'delivered', 'acknowledged', 'dismissed');

CREATE TABLE alert_rules (
    id uuid PRIMARY KEY,
    name varchar(255) NOT NULL,
    description text,
    enabled boolean NOT NULL,
    severity alert_severity NOT NULL DEFAULT 'medium',
    risk_threshold integer,
    object_types json,
    camera_ids json,
    zone_ids json,
    min_confidence double precision,
    schedule json,
    conditions json,
    dedup_key_template varchar(255) NOT NULL DEFAULT '{camera_id}:{rule_id}',
    cooldown_seconds integer NOT NULL,
    channels json,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);

CREATE INDEX idx_alert_rules_name ON alert_rules (name);
CREATE INDEX idx_alert_rules_enabled ON alert_rules (enabled);
CREATE INDEX idx_alert_rules_severity ON alert_rules (severity);

CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    event_id integer NOT NULL
        CONSTRAINT fk_alerts_event_id REFERENCES events (id) ON DELETE CASCADE,
    rule_id uuid
        CONSTRAINT fk_alerts_rule_id REFERENCES alert_rules (id) ON DELETE SET NULL,
    severity alert_severity NOT NULL DEFAULT 'medium',
    status alert_status NOT NULL DEFAULT 'pending',
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    delivered_at timestamp,
    channels json,
    dedup_key varchar(255) NOT NULL,
    metadata json
);

CREATE INDEX idx_alerts_event_id ON alerts (event_id);
CREATE INDEX idx_alerts_rule_id ON alerts (rule_id);
CREATE INDEX idx_alerts_severity ON alerts (severity);
CREATE INDEX idx_alerts_status ON alerts (status);
CREATE INDEX idx_alerts_created_at ON alerts (created_at);
CREATE INDEX idx_alerts_dedup_key ON alerts (dedup_key);
CREATE INDEX idx_alerts_dedup_key_created_at ON alerts (dedup_key, created_at);

-- pgmig: downgrade
DROP TABLE alerts;
DROP TABLE alert_rules;

DROP TYPE alert_status;
DROP TYPE alert_severity;
