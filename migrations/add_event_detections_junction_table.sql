-- Add the junction table of events and detections
--
-- Links were kept as text in events.detection_ids, as a JSON array or as a
-- comma-separated list. The links to detections that exist are copied; the text
-- stays as it is. A value in brackets that is not valid JSON is read as a list.
-- Ids of detections that do not exist and other words are skipped; they are
-- still in the text.
--
-- The downgrade first saves links that are only in the table, by writing the text
-- of such an event as a JSON array of all its ids. What it cannot keep is the
-- created_at of a link; after a new upgrade this is the start of the event.
--
-- Revision ID: add_event_detections_junction
-- Revises: add_events_backlog_indexes
-- Create Date: 2025-12-31 10:30:00+00

-- pgmig: upgrade
CREATE TABLE event_detections (
    event_id integer NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    detection_id integer NOT NULL REFERENCES detections (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, detection_id)
);

-- The ids in a text list, for this revision only.
CREATE FUNCTION listed_detection_ids(list text) RETURNS SETOF bigint
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    tokens text[];
BEGIN
    IF list ~ '^\s*\[.*\]\s*$' THEN
        BEGIN
            tokens := ARRAY(SELECT json_array_elements_text(list::json));
        EXCEPTION
            WHEN data_exception OR program_limit_exceeded THEN
                tokens := NULL;  -- not JSON
        END;
    END IF;

    IF tokens IS NULL THEN
        tokens := string_to_array(regexp_replace(list, '[][\s"]', '', 'g'), ',');
    END IF;

    -- Ten digits hold every integer, and always fit into a bigint.
    RETURN QUERY
        SELECT DISTINCT token::bigint
        FROM unnest(tokens) AS token
        WHERE token ~ '^0*[0-9]{1,10}$';
END;
$$;

INSERT INTO event_detections (event_id, detection_id, created_at)
SELECT e.id, d.id, e.started_at
FROM events AS e
    CROSS JOIN LATERAL listed_detection_ids(e.detection_ids) AS listed (detection_id)
    JOIN detections AS d ON d.id = listed.detection_id;

DROP FUNCTION listed_detection_ids(text);

CREATE INDEX idx_event_detections_event_id ON event_detections (event_id);
CREATE INDEX idx_event_detections_detection_id ON event_detections (detection_id);
CREATE INDEX idx_event_detections_created_at ON event_detections (created_at);

-- pgmig: downgrade
-- As in the upgrade.
CREATE FUNCTION listed_detection_ids(list text) RETURNS SETOF bigint
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    tokens text[];
BEGIN
    IF list ~ '^\s*\[.*\]\s*$' THEN
        BEGIN
            tokens := ARRAY(SELECT json_array_elements_text(list::json));
        EXCEPTION
            WHEN data_exception OR program_limit_exceeded THEN
                tokens := NULL;  -- not JSON
        END;
    END IF;

    IF tokens IS NULL THEN
        tokens := string_to_array(regexp_replace(list, '[][\s"]', '', 'g'), ',');
    END IF;

    RETURN QUERY
        SELECT DISTINCT token::bigint
        FROM unnest(tokens) AS token
        WHERE token ~ '^0*[0-9]{1,10}$';
END;
$$;

-- Only events with a link that their text lacks are touched. The list is no part
-- of the search vector: leave the vectors alone.
ALTER TABLE events DISABLE TRIGGER events_search_vector_trigger;

UPDATE events AS e
SET detection_ids = (
    SELECT json_agg(known.id ORDER BY known.id)::text
    FROM (
        SELECT listed_detection_ids(e.detection_ids) AS id
        UNION
        SELECT detection_id FROM event_detections WHERE event_id = e.id
    ) AS known
)
WHERE EXISTS (
    SELECT detection_id FROM event_detections WHERE event_id = e.id
    EXCEPT
    SELECT listed_detection_ids(e.detection_ids)
);

ALTER TABLE events ENABLE TRIGGER events_search_vector_trigger;

DROP FUNCTION listed_detection_ids(text);

DROP TABLE event_detections;
