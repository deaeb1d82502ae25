-- Drop the text list of detections from events
--
-- The junction table event_detections holds the links. From it the downgrade
-- writes the list anew, as a JSON array. Where this would not give back the
-- text as it is now (another format, ids of detections that are gone, links
-- that the text lacks, no text at all) the text is kept in
-- events_dropped_detection_ids: no event loses anything, and none blocks the
-- upgrade.
--
-- The downgrade puts the kept text back if the links of the event are the same
-- as they were; if they changed in the meantime, the new links are written. An
-- event that has no list from either gets NULL.
--
-- Revision ID: drop_detection_ids_column
-- Revises: add_time_series_partitioning
-- Create Date: 2026-01-03 09:20:00+00

-- pgmig: upgrade
LOCK TABLE events, event_detections IN ACCESS EXCLUSIVE MODE;

-- The key is that of events. A foreign key would keep old partitions from being
-- dropped; entries of events that are gone do no harm.
CREATE TABLE events_dropped_detection_ids (
    event_id integer NOT NULL,
    started_at timestamptz NOT NULL,
    detection_ids text,
    links text,
    PRIMARY KEY (event_id, started_at)
);

COMMENT ON TABLE events_dropped_detection_ids IS
    'Texts that revision drop_detection_ids_column cannot rewrite from event_detections';
COMMENT ON COLUMN events_dropped_detection_ids.links IS
    'The list that event_detections gave when the text was dropped';

INSERT INTO events_dropped_detection_ids (event_id, started_at, detection_ids, links)
SELECT e.id, e.started_at, e.detection_ids, linked.ids
FROM events AS e
    LEFT JOIN (
        SELECT event_id, json_agg(detection_id ORDER BY detection_id)::text AS ids
        FROM event_detections
        GROUP BY event_id
    ) AS linked ON linked.event_id = e.id
WHERE e.detection_ids IS DISTINCT FROM linked.ids;

ALTER TABLE events DROP COLUMN detection_ids;

-- pgmig: downgrade
LOCK TABLE events, event_detections IN ACCESS EXCLUSIVE MODE;

-- The column was the last one, and is again.
ALTER TABLE events ADD COLUMN detection_ids text;

-- The list is no part of the search vector: leave the vectors alone.
ALTER TABLE events DISABLE TRIGGER events_search_vector_trigger;

UPDATE events AS e
SET detection_ids = restored.detection_ids
FROM (
    SELECT
        events.id,
        events.started_at,
        CASE
            WHEN dropped.event_id IS NOT NULL AND dropped.links IS NOT DISTINCT FROM linked.ids
                THEN dropped.detection_ids
            ELSE linked.ids
        END AS detection_ids
    FROM events
        LEFT JOIN events_dropped_detection_ids AS dropped
            ON dropped.event_id = events.id AND dropped.started_at = events.started_at
        LEFT JOIN (
            SELECT event_id, json_agg(detection_id ORDER BY detection_id)::text AS ids
            FROM event_detections
            GROUP BY event_id
        ) AS linked ON linked.event_id = events.id
) AS restored
WHERE e.id = restored.id
    AND e.started_at = restored.started_at
    AND restored.detection_ids IS NOT NULL;

ALTER TABLE events ENABLE TRIGGER events_search_vector_trigger;

DROP TABLE events_dropped_detection_ids;
