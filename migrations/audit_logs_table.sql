-- Add the audit log
--
-- The downgrade drops the table and every entry in it. Where the law asks for
-- the entries to be kept, dump the table first.
--
-- Revision ID: add_audit_logs
-- Revises: add_zones_001
-- Create Date: 2025-12-28 14:30:00+00

-- pgmig: upgrade
CREATE TABLE audit_logs (
    id serial PRIMARY KEY,
    timestamp timestamptz NOT NULL,
    action varchar(50) NOT NULL,
    resource_type varchar(50) NOT NULL,
    resource_id varchar(255),
    actor varchar(100) NOT NULL,
    ip_address varchar(45),
    user_agent text,
    details json,
    status varchar(20) NOT NULL
);

CREATE INDEX idx_audit_logs_timestamp ON audit_logs (timestamp);
CREATE INDEX idx_audit_logs_action ON audit_logs (action);
CREATE INDEX idx_audit_logs_resource_type ON audit_logs (resource_type);
CREATE INDEX idx_audit_logs_actor ON audit_logs (actor);
CREATE INDEX idx_audit_logs_status ON audit_logs (status);
CREATE INDEX idx_audit_logs_resource ON audit_logs (resource_type, resource_id);

-- pgmig: downgrade
DROP TABLE audit_logs;
