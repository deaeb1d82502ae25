-- Add check constraints
--
-- The constraints are added NOT VALID first, then every row is tested. If rows
-- break a constraint, the revision stops and changes nothing; its error lists
-- all broken constraints at once, with the number of rows and some of their
-- ids. What the right values are is for the owner of the data to say: nothing
-- is corrected here in silence, and no constraint is left unvalidated, because
-- such a row would make a later update of any of its columns fail.
--
-- Revision ID: add_check_constraints
-- Revises: add_alerts_dedup_indexes
-- Create Date: 2025-12-30 15:55:00+00

-- pgmig: upgrade
-- The lists compare text: a list of varchar is printed in another form after a
-- dump and restore, and a comparison of schemas would call that a difference.
ALTER TABLE cameras
    ADD CONSTRAINT ck_cameras_status
        CHECK (status::text IN ('online', 'offline', 'error', 'unknown')) NOT VALID;

ALTER TABLE events
    ADD CONSTRAINT ck_events_risk_level
        CHECK (risk_level IS NULL OR risk_level::text IN ('low', 'medium', 'high', 'critical')) NOT VALID,
    ADD CONSTRAINT ck_events_risk_score_range
        CHECK (risk_score IS NULL OR risk_score BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT ck_events_time_order
        CHECK (ended_at IS NULL OR ended_at >= started_at) NOT VALID;

ALTER TABLE detections
    ADD CONSTRAINT ck_detections_confidence_range
        CHECK (confidence IS NULL OR confidence BETWEEN 0.0 AND 1.0) NOT VALID;

ALTER TABLE logs
    ADD CONSTRAINT ck_logs_level
        CHECK (level::text IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')) NOT VALID,
    ADD CONSTRAINT ck_logs_source
        CHECK (source::text IN ('backend', 'frontend')) NOT VALID;

ALTER TABLE audit_logs
    ADD CONSTRAINT ck_audit_logs_status
        CHECK (status::text IN ('success', 'failure')) NOT VALID;

ALTER TABLE activity_baselines
    ADD CONSTRAINT ck_activity_baselines_hour_range
        CHECK (hour BETWEEN 0 AND 23) NOT VALID,
    ADD CONSTRAINT ck_activity_baselines_dow_range
        CHECK (day_of_week BETWEEN 0 AND 6) NOT VALID;

ALTER TABLE class_baselines
    ADD CONSTRAINT ck_class_baselines_hour_range
        CHECK (hour BETWEEN 0 AND 23) NOT VALID;

ALTER TABLE zones
    ADD CONSTRAINT ck_zones_priority_non_negative
        CHECK (priority >= 0) NOT VALID,
    ADD CONSTRAINT ck_zones_color_hex
        CHECK (color ~ '^#[0-9A-Fa-f]{6}$') NOT VALID;

ALTER TABLE event_audits
    ADD CONSTRAINT ck_event_audits_context_score_range
        CHECK (context_usage_score IS NULL OR context_usage_score BETWEEN 1.0 AND 5.0) NOT VALID,
    ADD CONSTRAINT ck_event_audits_reasoning_score_range
        CHECK (reasoning_coherence_score IS NULL OR reasoning_coherence_score BETWEEN 1.0 AND 5.0) NOT VALID,
    ADD CONSTRAINT ck_event_audits_risk_justification_range
        CHECK (risk_justification_score IS NULL OR risk_justification_score BETWEEN 1.0 AND 5.0) NOT VALID,
    ADD CONSTRAINT ck_event_audits_consistency_score_range
        CHECK (consistency_score IS NULL OR consistency_score BETWEEN 1.0 AND 5.0) NOT VALID,
    ADD CONSTRAINT ck_event_audits_overall_score_range
        CHECK (overall_quality_score IS NULL OR overall_quality_score BETWEEN 1.0 AND 5.0) NOT VALID,
    ADD CONSTRAINT ck_event_audits_enrichment_range
        CHECK (enrichment_utilization BETWEEN 0.0 AND 1.0) NOT VALID;

ALTER TABLE alert_rules
    ADD CONSTRAINT ck_alert_rules_risk_threshold_range
        CHECK (risk_threshold IS NULL OR risk_threshold BETWEEN 0 AND 100) NOT VALID,
    ADD CONSTRAINT ck_alert_rules_min_confidence_range
        CHECK (min_confidence IS NULL OR min_confidence BETWEEN 0.0 AND 1.0) NOT VALID,
    ADD CONSTRAINT ck_alert_rules_cooldown_non_negative
        CHECK (cooldown_seconds >= 0) NOT VALID;

-- Validate, or say what is wrong with all of it.
DO $$
DECLARE
    broken text[] := '{}';
    item record;
    violations bigint;
    ids text;
BEGIN
    FOR item IN
        SELECT c.conrelid::regclass AS table_name, c.conname AS constraint_name,
            pg_get_expr(c.conbin, c.conrelid) AS condition
        FROM pg_constraint AS c
        WHERE c.contype = 'c'
            AND NOT c.convalidated
            AND c.conname LIKE 'ck\_%'
            AND c.conrelid = ANY (ARRAY[
                'cameras', 'events', 'detections', 'logs', 'audit_logs', 'activity_baselines',
                'class_baselines', 'zones', 'event_audits', 'alert_rules'
            ]::regclass[])
        ORDER BY c.conrelid::regclass::text, c.conname
    LOOP
        EXECUTE format(
            'SELECT count(*), string_agg(id::text, '', '' ORDER BY id) FILTER (WHERE place <= 5) '
            'FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM %s WHERE NOT (%s)) AS violating',
            item.table_name, item.condition
        ) INTO violations, ids;

        IF violations = 0 THEN
            EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', item.table_name, item.constraint_name);
        ELSE
            broken := broken || format(
                '%s of %s: %s %s, id %s%s',
                item.constraint_name, item.table_name,
                violations, CASE WHEN violations = 1 THEN 'row' ELSE 'rows' END,
                ids, CASE WHEN violations > 5 THEN ', ...' ELSE '' END
            );
        END IF;
    END LOOP;

    IF broken <> '{}' THEN
        RAISE EXCEPTION 'existing rows violate % of the new check constraints', cardinality(broken)
            USING ERRCODE = 'check_violation',
                DETAIL = array_to_string(broken, E'\n'),
                HINT = 'Correct these rows, then upgrade again. Nothing was changed.';
    END IF;
END;
$$;

-- pgmig: downgrade
ALTER TABLE alert_rules
    DROP CONSTRAINT ck_alert_rules_cooldown_non_negative,
    DROP CONSTRAINT ck_alert_rules_min_confidence_range,
    DROP CONSTRAINT ck_alert_rules_risk_threshold_range;

ALTER TABLE event_audits
    DROP CONSTRAINT ck_event_audits_enrichment_range,
    DROP CONSTRAINT ck_event_audits_overall_score_range,
    DROP CONSTRAINT ck_event_audits_consistency_score_range,
    DROP CONSTRAINT ck_event_audits_risk_justification_range,
    DROP CONSTRAINT ck_event_audits_reasoning_score_range,
    DROP CONSTRAINT ck_event_audits_context_score_range;

ALTER TABLE zones
    DROP CONSTRAINT ck_zones_color_hex,
    DROP CONSTRAINT ck_zones_priority_non_negative;

ALTER TABLE class_baselines
    DROP CONSTRAINT ck_class_baselines_hour_range;

ALTER TABLE activity_baselines
    DROP CONSTRAINT ck_activity_baselines_dow_range,
    DROP CONSTRAINT ck_activity_baselines_hour_range;

ALTER TABLE audit_logs
    DROP CONSTRAINT ck_audit_logs_status;

ALTER TABLE logs
    DROP CONSTRAINT ck_logs_source,
    DROP CONSTRAINT ck_logs_level;

ALTER TABLE detections
    DROP CONSTRAINT ck_detections_confidence_range;

ALTER TABLE events
    DROP CONSTRAINT ck_events_time_order,
    DROP CONSTRAINT ck_events_risk_score_range,
    DROP CONSTRAINT ck_events_risk_level;

ALTER TABLE cameras
    DROP CONSTRAINT ck_cameras_status;
