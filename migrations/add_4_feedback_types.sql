-- Distinguish four types of feedback
--
-- missed_detection becomes missed_threat; correct and severity_wrong are new,
-- as is the severity that was expected. The counter of missed detections is
-- renamed with its constraint, so that it keeps its values and its place.
--
-- The downgrade deletes no feedback. The older schema knows two types and no
-- expected severity: what it cannot hold is written in front of the notes, as
-- in "[add_4_feedback_types: severity_wrong, expected_severity high]", and read
-- back by the next upgrade. Until then feedback of type correct and
-- severity_wrong stands there as false_positive; take care not to calibrate by
-- it. The counters correct_count and severity_wrong_count are lost.
--
-- Revision ID: add_4_feedback_types
-- Revises: add_snooze_until_column
-- Create Date: 2026-01-05 15:30:00+00

-- pgmig: upgrade
ALTER TABLE event_feedback
    DROP CONSTRAINT ck_event_feedback_type,
    ADD COLUMN expected_severity varchar;

-- What a downgrade wrote in front of the notes comes back first, unless the
-- type was edited since.
UPDATE event_feedback AS f
SET feedback_type = parsed.tag[1],
    expected_severity = parsed.tag[2],
    notes = parsed.tag[3]
FROM (
    SELECT id, regexp_match(
        notes,
        '^\[add_4_feedback_types: (correct|false_positive|missed_threat|severity_wrong)'
        '(?:, expected_severity (low|medium|high|critical))?\](?:\n(.*))?$'
    ) AS tag
    FROM event_feedback
) AS parsed
WHERE parsed.id = f.id
    AND parsed.tag IS NOT NULL
    AND f.feedback_type = CASE parsed.tag[1]
        WHEN 'missed_threat' THEN 'missed_detection'
        ELSE 'false_positive'
    END;

UPDATE event_feedback SET feedback_type = 'missed_threat' WHERE feedback_type = 'missed_detection';

ALTER TABLE event_feedback
    ADD CONSTRAINT ck_event_feedback_type
        CHECK (feedback_type::text IN ('correct', 'false_positive', 'missed_threat', 'severity_wrong')),
    ADD CONSTRAINT ck_event_feedback_expected_severity
        CHECK (expected_severity IS NULL OR expected_severity::text IN ('low', 'medium', 'high', 'critical'));

ALTER TABLE user_calibration RENAME COLUMN missed_detection_count TO missed_threat_count;
ALTER TABLE user_calibration
    RENAME CONSTRAINT ck_user_calibration_md_count TO ck_user_calibration_mt_count;

ALTER TABLE user_calibration
    ADD COLUMN correct_count integer NOT NULL DEFAULT 0
        CONSTRAINT ck_user_calibration_correct_count CHECK (correct_count >= 0),
    ADD COLUMN severity_wrong_count integer NOT NULL DEFAULT 0
        CONSTRAINT ck_user_calibration_sw_count CHECK (severity_wrong_count >= 0);

-- pgmig: downgrade
ALTER TABLE user_calibration
    DROP CONSTRAINT ck_user_calibration_sw_count,
    DROP CONSTRAINT ck_user_calibration_correct_count,
    DROP COLUMN severity_wrong_count,
    DROP COLUMN correct_count;

ALTER TABLE user_calibration
    RENAME CONSTRAINT ck_user_calibration_mt_count TO ck_user_calibration_md_count;
ALTER TABLE user_calibration RENAME COLUMN missed_threat_count TO missed_detection_count;

ALTER TABLE event_feedback
    DROP CONSTRAINT ck_event_feedback_expected_severity,
    DROP CONSTRAINT ck_event_feedback_type;

UPDATE event_feedback
SET notes = concat(
    '[add_4_feedback_types: ', feedback_type, ', expected_severity ' || expected_severity, ']',
    E'\n' || notes
)
WHERE feedback_type IN ('correct', 'severity_wrong') OR expected_severity IS NOT NULL;

UPDATE event_feedback
SET feedback_type = CASE feedback_type WHEN 'missed_threat' THEN 'missed_detection' ELSE 'false_positive' END
WHERE feedback_type <> 'false_positive';

ALTER TABLE event_feedback DROP COLUMN expected_severity;

ALTER TABLE event_feedback
    ADD CONSTRAINT ck_event_feedback_type
        CHECK (feedback_type::text IN ('false_positive', 'missed_detection'));
