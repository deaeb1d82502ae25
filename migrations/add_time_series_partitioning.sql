-- Partition the five time-series tables by month
--
-- detections, events, logs, gpu_stats and audit_logs become tables partitioned
-- by range of their time column. Each gets partitions for December 2025,
-- January 2026 and February 2026 (UTC) and a default partition, which takes
-- every row outside these months. Names and bounds are fixed: the result is the
-- same on every day and with any data.
--
-- Every row is copied, column by column name. The id sequences move to the new
-- tables and go on counting where they were. Owners and table privileges are
-- carried over; privileges on single columns, comments, policies, publications
-- and storage parameters set by hand are not. Views on the old tables make the
-- revision fail: drop them before, create them after.
--
-- The check constraints stay, and so do the foreign keys to cameras, the search
-- trigger of events with its index, and trigram search on events. Given up are:
--
-- * The four foreign keys to events and detections (from alerts, event_audits
--   and event_detections). The primary key of a partitioned table contains the
--   partition key, so id alone cannot be referenced. Deleting an event no
--   longer deletes what belongs to it.
-- * That id alone is unique: the primary key is (id, time).
-- * Indexes that partitions make dispensable. Each month is small; time and
--   camera remain indexed.
--
-- logs.extra and audit_logs.details become jsonb. A value that json accepts and
-- jsonb does not, such as the escape \u0000, is stored as an object with the
-- original text in it, and unwrapped by the downgrade.
--
-- The downgrade first checks that ids are unique again and that no row of
-- alerts, event_audits or event_detections refers to an event or detection that
-- is gone. Otherwise it stops and changes nothing: which rows to give up is not
-- for a downgrade to decide. It cannot restore the layout, the order of keys
-- and duplicate keys of json values, as jsonb does not keep them, and it drops
-- the new columns with their values: media_type, duration, video_codec,
-- video_width and video_height of detections, deleted_at of events. Events
-- that were soft-deleted count as live then.
--
-- Needs the space of a second copy of the tables, and locks them for the time
-- of the copy.
--
-- Revision ID: add_time_series_partitioning
-- Revises: add_event_detections_junction
-- Create Date: 2025-12-31 14:00:00+00

-- pgmig: upgrade
-- All locks first: what follows cannot run into a deadlock after a long copy.
LOCK TABLE cameras IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE detections, events, logs, gpu_stats, audit_logs, alerts, event_audits, event_detections
    IN ACCESS EXCLUSIVE MODE;

ALTER TABLE alerts DROP CONSTRAINT fk_alerts_event_id;
ALTER TABLE event_audits DROP CONSTRAINT event_audits_event_id_fkey;
ALTER TABLE event_detections
    DROP CONSTRAINT event_detections_event_id_fkey,
    DROP CONSTRAINT event_detections_detection_id_fkey;

ALTER TABLE detections RENAME TO detections_unpartitioned;
ALTER TABLE events RENAME TO events_unpartitioned;
ALTER TABLE logs RENAME TO logs_unpartitioned;
ALTER TABLE gpu_stats RENAME TO gpu_stats_unpartitioned;
ALTER TABLE audit_logs RENAME TO audit_logs_unpartitioned;

-- The new tables. Keys, indexes and triggers follow after the copy.
CREATE TABLE detections (
    id integer NOT NULL DEFAULT nextval('detections_id_seq'),
    camera_id varchar NOT NULL,
    file_path varchar NOT NULL,
    file_type varchar,
    detected_at timestamptz NOT NULL,
    object_type varchar,
    confidence double precision,
    bbox_x integer,
    bbox_y integer,
    bbox_width integer,
    bbox_height integer,
    thumbnail_path varchar,
    media_type varchar DEFAULT 'image',
    duration double precision,
    video_codec varchar,
    video_width integer,
    video_height integer,
    enrichment_data jsonb,
    CONSTRAINT ck_detections_confidence_range
        CHECK (confidence IS NULL OR confidence BETWEEN 0.0 AND 1.0)
) PARTITION BY RANGE (detected_at);

CREATE TABLE detections_y2025m12 PARTITION OF detections
    FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE detections_y2026m01 PARTITION OF detections
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE detections_y2026m02 PARTITION OF detections
    FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
CREATE TABLE detections_default PARTITION OF detections DEFAULT;

-- detection_ids stands last: a later revision drops it, and its downgrade can
-- then put it back in its place.
CREATE TABLE events (
    id integer NOT NULL DEFAULT nextval('events_id_seq'),
    batch_id varchar NOT NULL,
    camera_id varchar NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    risk_score integer,
    risk_level varchar,
    summary text,
    reasoning text,
    llm_prompt text,
    reviewed boolean NOT NULL DEFAULT false,
    notes text,
    is_fast_path boolean NOT NULL DEFAULT false,
    object_types text,
    clip_path varchar,
    search_vector tsvector,
    deleted_at timestamptz,
    detection_ids text,
    CONSTRAINT ck_events_risk_level
        CHECK (risk_level IS NULL OR risk_level::text IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_events_risk_score_range
        CHECK (risk_score IS NULL OR risk_score BETWEEN 0 AND 100),
    CONSTRAINT ck_events_time_order
        CHECK (ended_at IS NULL OR ended_at >= started_at)
) PARTITION BY RANGE (started_at);

CREATE TABLE events_y2025m12 PARTITION OF events
    FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE events_y2026m01 PARTITION OF events
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE events_y2026m02 PARTITION OF events
    FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
CREATE TABLE events_default PARTITION OF events DEFAULT;

CREATE TABLE logs (
    id integer NOT NULL DEFAULT nextval('logs_id_seq'),
    timestamp timestamptz NOT NULL DEFAULT now(),
    level varchar(10) NOT NULL,
    component varchar(50) NOT NULL,
    message text NOT NULL,
    camera_id varchar(100),
    event_id integer,
    request_id varchar(36),
    detection_id integer,
    duration_ms integer,
    extra jsonb,
    source varchar(10) NOT NULL DEFAULT 'backend',
    user_agent text,
    CONSTRAINT ck_logs_level
        CHECK (level::text IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    CONSTRAINT ck_logs_source
        CHECK (source::text IN ('backend', 'frontend'))
) PARTITION BY RANGE (timestamp);

CREATE TABLE logs_y2025m12 PARTITION OF logs
    FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE logs_y2026m01 PARTITION OF logs
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE logs_y2026m02 PARTITION OF logs
    FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
CREATE TABLE logs_default PARTITION OF logs DEFAULT;

CREATE TABLE gpu_stats (
    id integer NOT NULL DEFAULT nextval('gpu_stats_id_seq'),
    recorded_at timestamptz NOT NULL,
    gpu_name varchar(255),
    gpu_utilization double precision,
    memory_used integer,
    memory_total integer,
    temperature double precision,
    power_usage double precision,
    inference_fps double precision
) PARTITION BY RANGE (recorded_at);

CREATE TABLE gpu_stats_y2025m12 PARTITION OF gpu_stats
    FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE gpu_stats_y2026m01 PARTITION OF gpu_stats
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE gpu_stats_y2026m02 PARTITION OF gpu_stats
    FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
CREATE TABLE gpu_stats_default PARTITION OF gpu_stats DEFAULT;

CREATE TABLE audit_logs (
    id integer NOT NULL DEFAULT nextval('audit_logs_id_seq'),
    timestamp timestamptz NOT NULL,
    action varchar(50) NOT NULL,
    resource_type varchar(50) NOT NULL,
    resource_id varchar(255),
    actor varchar(100) NOT NULL,
    ip_address varchar(45),
    user_agent text,
    details jsonb,
    status varchar(20) NOT NULL DEFAULT 'success',
    CONSTRAINT ck_audit_logs_status
        CHECK (status::text IN ('success', 'failure'))
) PARTITION BY RANGE (timestamp);

CREATE TABLE audit_logs_y2025m12 PARTITION OF audit_logs
    FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE audit_logs_y2026m01 PARTITION OF audit_logs
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE audit_logs_y2026m02 PARTITION OF audit_logs
    FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
CREATE TABLE audit_logs_default PARTITION OF audit_logs DEFAULT;

-- Owners and privileges.
DO $$
DECLARE
    command text;
BEGIN
    FOR command IN
        WITH pair AS (
            SELECT old.oid, old.relowner, old.relacl, new.name::regclass AS new
            FROM unnest(ARRAY['detections', 'events', 'logs', 'gpu_stats', 'audit_logs']) AS new (name)
                JOIN pg_class AS old ON old.oid = (new.name || '_unpartitioned')::regclass
        )
        SELECT format('ALTER TABLE %s OWNER TO %I', part.relid::regclass, pg_get_userbyid(pair.relowner))
        FROM pair
            CROSS JOIN pg_partition_tree(pair.new) AS part
            JOIN pg_class AS c ON c.oid = part.relid AND c.relowner <> pair.relowner
        UNION ALL
        SELECT format(
            'GRANT %s ON %s TO %s%s',
            acl.privilege_type,
            pair.new,
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
            CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' END
        )
        FROM pair
            CROSS JOIN aclexplode(pair.relacl) AS acl
        WHERE acl.grantee <> pair.relowner
    LOOP
        EXECUTE command;
    END LOOP;
END;
$$;

-- jsonb refuses a few values that json takes: U+0000, unpaired surrogates,
-- numbers out of range. Wrap these.
CREATE FUNCTION json_to_jsonb(value json) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION
    WHEN data_exception OR program_limit_exceeded THEN
        RETURN jsonb_build_object('add_time_series_partitioning.json', value::text);
END;
$$;

INSERT INTO detections (
    id, camera_id, file_path, file_type, detected_at, object_type, confidence,
    bbox_x, bbox_y, bbox_width, bbox_height, thumbnail_path, media_type, enrichment_data
)
SELECT
    id, camera_id, file_path, file_type, detected_at, object_type, confidence,
    bbox_x, bbox_y, bbox_width, bbox_height, thumbnail_path,
    CASE WHEN file_type LIKE 'video%' THEN 'video' ELSE 'image' END, enrichment_data
FROM detections_unpartitioned;

INSERT INTO events (
    id, batch_id, camera_id, started_at, ended_at, risk_score, risk_level, summary, reasoning,
    llm_prompt, reviewed, notes, is_fast_path, object_types, clip_path, search_vector, detection_ids
)
SELECT
    id, batch_id, camera_id, started_at, ended_at, risk_score, risk_level, summary, reasoning,
    llm_prompt, reviewed, notes, is_fast_path, object_types, clip_path, search_vector, detection_ids
FROM events_unpartitioned;

INSERT INTO logs (
    id, timestamp, level, component, message, camera_id, event_id, request_id,
    detection_id, duration_ms, extra, source, user_agent
)
SELECT
    id, timestamp, level, component, message, camera_id, event_id, request_id,
    detection_id, duration_ms, json_to_jsonb(extra), source, user_agent
FROM logs_unpartitioned;

INSERT INTO gpu_stats (
    id, recorded_at, gpu_name, gpu_utilization, memory_used, memory_total,
    temperature, power_usage, inference_fps
)
SELECT
    id, recorded_at, gpu_name, gpu_utilization, memory_used, memory_total,
    temperature, power_usage, inference_fps
FROM gpu_stats_unpartitioned;

INSERT INTO audit_logs (
    id, timestamp, action, resource_type, resource_id, actor, ip_address, user_agent, details, status
)
SELECT
    id, timestamp, action, resource_type, resource_id, actor, ip_address, user_agent,
    json_to_jsonb(details), status
FROM audit_logs_unpartitioned;

DROP FUNCTION json_to_jsonb(json);

-- Hand over the sequences, then drop the old tables: their keys, indexes and
-- trigger go with them, and the names are free.
ALTER SEQUENCE detections_id_seq OWNED BY detections.id;
ALTER SEQUENCE events_id_seq OWNED BY events.id;
ALTER SEQUENCE logs_id_seq OWNED BY logs.id;
ALTER SEQUENCE gpu_stats_id_seq OWNED BY gpu_stats.id;
ALTER SEQUENCE audit_logs_id_seq OWNED BY audit_logs.id;

DROP TABLE detections_unpartitioned;
DROP TABLE events_unpartitioned;
DROP TABLE logs_unpartitioned;
DROP TABLE gpu_stats_unpartitioned;
DROP TABLE audit_logs_unpartitioned;

ALTER TABLE detections
    ADD CONSTRAINT detections_pkey PRIMARY KEY (id, detected_at),
    ADD CONSTRAINT detections_camera_id_fkey
        FOREIGN KEY (camera_id) REFERENCES cameras (id) ON DELETE CASCADE;

CREATE INDEX idx_detections_camera_id ON detections (camera_id);
CREATE INDEX idx_detections_detected_at ON detections (detected_at);
CREATE INDEX idx_detections_camera_time ON detections (camera_id, detected_at);

ALTER TABLE events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id, started_at),
    ADD CONSTRAINT events_camera_id_fkey
        FOREIGN KEY (camera_id) REFERENCES cameras (id) ON DELETE CASCADE;

CREATE INDEX idx_events_camera_id ON events (camera_id);
CREATE INDEX idx_events_started_at ON events (started_at);
CREATE INDEX idx_events_search_vector ON events USING gin (search_vector);

-- pg_trgm may live in a schema that is not on the search_path.
DO $$
BEGIN
    EXECUTE format(
        'CREATE INDEX idx_events_object_types_trgm ON events USING gin (object_types %s.gin_trgm_ops)',
        (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm')
    );
END;
$$;

CREATE TRIGGER events_search_vector_trigger
    BEFORE INSERT OR UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION events_search_vector_update();

ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY (id, timestamp);

CREATE INDEX idx_logs_timestamp ON logs (timestamp);
CREATE INDEX idx_logs_level ON logs (level);

ALTER TABLE gpu_stats ADD CONSTRAINT gpu_stats_pkey PRIMARY KEY (id, recorded_at);

CREATE INDEX idx_gpu_stats_recorded_at ON gpu_stats (recorded_at);

ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (id, timestamp);

CREATE INDEX idx_audit_logs_timestamp ON audit_logs (timestamp);
CREATE INDEX idx_audit_logs_action ON audit_logs (action);
CREATE INDEX idx_audit_logs_resource_type ON audit_logs (resource_type);
CREATE INDEX idx_audit_logs_actor ON audit_logs (actor);

-- The new tables have no statistics yet, and autovacuum never looks at a
-- partitioned table as a whole.
ANALYZE detections, events, logs, gpu_stats, audit_logs;

-- pgmig: downgrade
LOCK TABLE cameras IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE detections, events, logs, gpu_stats, audit_logs, alerts, event_audits, event_detections
    IN ACCESS EXCLUSIVE MODE;

-- Can the old keys hold? Ask before anything is changed.
DO $$
DECLARE
    problems text[] := '{}';
    target text;
    source text[];
    total bigint;
    ids text;
BEGIN
    FOREACH target IN ARRAY ARRAY['detections', 'events', 'logs', 'gpu_stats', 'audit_logs'] LOOP
        EXECUTE format(
            'SELECT count(*), string_agg(id::text, '', '' ORDER BY id) FILTER (WHERE place <= 5) '
            'FROM (SELECT id, row_number() OVER (ORDER BY id) AS place '
            'FROM %I GROUP BY id HAVING count(*) > 1) AS repeated',
            target
        ) INTO total, ids;

        IF total > 0 THEN
            problems := problems || format('%s: %s repeated, id %s', target, total, ids);
        END IF;
    END LOOP;

    FOREACH source SLICE 1 IN ARRAY ARRAY[
        ['alerts', 'event_id', 'events'],
        ['event_audits', 'event_id', 'events'],
        ['event_detections', 'event_id', 'events'],
        ['event_detections', 'detection_id', 'detections']
    ] LOOP
        EXECUTE format(
            'SELECT count(*), string_agg(DISTINCT key::text, '', '') FILTER (WHERE place <= 5) '
            'FROM (SELECT s.%2$I AS key, dense_rank() OVER (ORDER BY s.%2$I) AS place FROM %1$I AS s '
            'WHERE NOT EXISTS (SELECT FROM %3$I AS t WHERE t.id = s.%2$I)) AS orphaned',
            VARIADIC source
        ) INTO total, ids;

        IF total > 0 THEN
            problems := problems || format(
                '%s: %s %s of missing %s, %s %s', source[1], total,
                CASE WHEN total = 1 THEN 'row' ELSE 'rows' END, source[3], source[2], ids
            );
        END IF;
    END LOOP;

    IF problems <> '{}' THEN
        RAISE EXCEPTION 'cannot restore the keys of the unpartitioned tables'
            USING ERRCODE = 'integrity_constraint_violation',
                DETAIL = array_to_string(problems, E'\n'),
                HINT = 'Correct or delete these rows, then downgrade again. Nothing was changed.';
    END IF;
END;
$$;

ALTER TABLE detections RENAME TO detections_partitioned;
ALTER TABLE events RENAME TO events_partitioned;
ALTER TABLE logs RENAME TO logs_partitioned;
ALTER TABLE gpu_stats RENAME TO gpu_stats_partitioned;
ALTER TABLE audit_logs RENAME TO audit_logs_partitioned;

CREATE TABLE detections (
    id integer NOT NULL DEFAULT nextval('detections_id_seq'),
    camera_id varchar NOT NULL,
    file_path varchar NOT NULL,
    file_type varchar,
    detected_at timestamptz NOT NULL,
    object_type varchar,
    confidence double precision,
    bbox_x integer,
    bbox_y integer,
    bbox_width integer,
    bbox_height integer,
    thumbnail_path varchar,
    enrichment_data jsonb,
    CONSTRAINT ck_detections_confidence_range
        CHECK (confidence IS NULL OR confidence BETWEEN 0.0 AND 1.0)
);

CREATE TABLE events (
    id integer NOT NULL DEFAULT nextval('events_id_seq'),
    batch_id varchar NOT NULL,
    camera_id varchar NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    risk_score integer,
    risk_level varchar,
    summary text,
    reasoning text,
    detection_ids text,
    reviewed boolean NOT NULL,
    notes text,
    is_fast_path boolean NOT NULL,
    object_types text,
    search_vector tsvector,
    clip_path varchar,
    llm_prompt text,
    CONSTRAINT ck_events_risk_level
        CHECK (risk_level IS NULL OR risk_level::text IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_events_risk_score_range
        CHECK (risk_score IS NULL OR risk_score BETWEEN 0 AND 100),
    CONSTRAINT ck_events_time_order
        CHECK (ended_at IS NULL OR ended_at >= started_at)
);

CREATE TABLE logs (
    id integer NOT NULL DEFAULT nextval('logs_id_seq'),
    timestamp timestamptz NOT NULL DEFAULT now(),
    level varchar(10) NOT NULL,
    component varchar(50) NOT NULL,
    message text NOT NULL,
    camera_id varchar(100),
    event_id integer,
    request_id varchar(36),
    detection_id integer,
    duration_ms integer,
    extra json,
    source varchar(10) NOT NULL,
    user_agent text,
    CONSTRAINT ck_logs_level
        CHECK (level::text IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    CONSTRAINT ck_logs_source
        CHECK (source::text IN ('backend', 'frontend'))
);

CREATE TABLE gpu_stats (
    id integer NOT NULL DEFAULT nextval('gpu_stats_id_seq'),
    recorded_at timestamptz NOT NULL,
    gpu_name varchar(255),
    gpu_utilization double precision,
    memory_used integer,
    memory_total integer,
    temperature double precision,
    power_usage double precision,
    inference_fps double precision
);

CREATE TABLE audit_logs (
    id integer NOT NULL DEFAULT nextval('audit_logs_id_seq'),
    timestamp timestamptz NOT NULL,
    action varchar(50) NOT NULL,
    resource_type varchar(50) NOT NULL,
    resource_id varchar(255),
    actor varchar(100) NOT NULL,
    ip_address varchar(45),
    user_agent text,
    details json,
    status varchar(20) NOT NULL,
    CONSTRAINT ck_audit_logs_status
        CHECK (status::text IN ('success', 'failure'))
);

-- Owners and privileges, as in the upgrade.
DO $$
DECLARE
    command text;
BEGIN
    FOR command IN
        WITH pair AS (
            SELECT old.oid, old.relowner, old.relacl, new.name::regclass AS new
            FROM unnest(ARRAY['detections', 'events', 'logs', 'gpu_stats', 'audit_logs']) AS new (name)
                JOIN pg_class AS old ON old.oid = (new.name || '_partitioned')::regclass
        )
        SELECT format('ALTER TABLE %s OWNER TO %I', pair.new, pg_get_userbyid(pair.relowner))
        FROM pair
            JOIN pg_class AS c ON c.oid = pair.new AND c.relowner <> pair.relowner
        UNION ALL
        SELECT format(
            'GRANT %s ON %s TO %s%s',
            acl.privilege_type,
            pair.new,
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
            CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' END
        )
        FROM pair
            CROSS JOIN aclexplode(pair.relacl) AS acl
        WHERE acl.grantee <> pair.relowner
    LOOP
        EXECUTE command;
    END LOOP;
END;
$$;

INSERT INTO detections (
    id, camera_id, file_path, file_type, detected_at, object_type, confidence,
    bbox_x, bbox_y, bbox_width, bbox_height, thumbnail_path, enrichment_data
)
SELECT
    id, camera_id, file_path, file_type, detected_at, object_type, confidence,
    bbox_x, bbox_y, bbox_width, bbox_height, thumbnail_path, enrichment_data
FROM detections_partitioned;

INSERT INTO events (
    id, batch_id, camera_id, started_at, ended_at, risk_score, risk_level, summary, reasoning,
    detection_ids, reviewed, notes, is_fast_path, object_types, search_vector, clip_path, llm_prompt
)
SELECT
    id, batch_id, camera_id, started_at, ended_at, risk_score, risk_level, summary, reasoning,
    detection_ids, reviewed, notes, is_fast_path, object_types, search_vector, clip_path, llm_prompt
FROM events_partitioned;

-- Values that the upgrade had to wrap are unwrapped.
INSERT INTO logs (
    id, timestamp, level, component, message, camera_id, event_id, request_id,
    detection_id, duration_ms, extra, source, user_agent
)
SELECT
    id, timestamp, level, component, message, camera_id, event_id, request_id,
    detection_id, duration_ms,
    coalesce((extra ->> 'add_time_series_partitioning.json')::json, extra::json),
    source, user_agent
FROM logs_partitioned;

INSERT INTO gpu_stats (
    id, recorded_at, gpu_name, gpu_utilization, memory_used, memory_total,
    temperature, power_usage, inference_fps
)
SELECT
    id, recorded_at, gpu_name, gpu_utilization, memory_used, memory_total,
    temperature, power_usage, inference_fps
FROM gpu_stats_partitioned;

INSERT INTO audit_logs (
    id, timestamp, action, resource_type, resource_id, actor, ip_address, user_agent, details, status
)
SELECT
    id, timestamp, action, resource_type, resource_id, actor, ip_address, user_agent,
    coalesce((details ->> 'add_time_series_partitioning.json')::json, details::json),
    status
FROM audit_logs_partitioned;

ALTER SEQUENCE detections_id_seq OWNED BY detections.id;
ALTER SEQUENCE events_id_seq OWNED BY events.id;
ALTER SEQUENCE logs_id_seq OWNED BY logs.id;
ALTER SEQUENCE gpu_stats_id_seq OWNED BY gpu_stats.id;
ALTER SEQUENCE audit_logs_id_seq OWNED BY audit_logs.id;

DROP TABLE detections_partitioned;
DROP TABLE events_partitioned;
DROP TABLE logs_partitioned;
DROP TABLE gpu_stats_partitioned;
DROP TABLE audit_logs_partitioned;

ALTER TABLE detections
    ADD CONSTRAINT detections_pkey PRIMARY KEY (id),
    ADD CONSTRAINT detections_camera_id_fkey
        FOREIGN KEY (camera_id) REFERENCES cameras (id) ON DELETE CASCADE;

CREATE INDEX idx_detections_camera_id ON detections (camera_id);
CREATE INDEX idx_detections_camera_time ON detections (camera_id, detected_at);
CREATE INDEX idx_detections_detected_at ON detections (detected_at);
CREATE INDEX idx_detections_enrichment_data ON detections USING gin (enrichment_data);
CREATE INDEX idx_detections_camera_object_type ON detections (camera_id, object_type);
CREATE INDEX idx_detections_camera_time_type ON detections (camera_id, detected_at, object_type);
CREATE INDEX idx_detections_pagination_covering ON detections (camera_id, detected_at)
    INCLUDE (id, object_type, confidence);

ALTER TABLE events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id),
    ADD CONSTRAINT events_camera_id_fkey
        FOREIGN KEY (camera_id) REFERENCES cameras (id) ON DELETE CASCADE;

CREATE INDEX idx_events_batch_id ON events (batch_id);
CREATE INDEX idx_events_camera_id ON events (camera_id);
CREATE INDEX idx_events_reviewed ON events (reviewed);
CREATE INDEX idx_events_risk_score ON events (risk_score);
CREATE INDEX idx_events_started_at ON events (started_at);
CREATE INDEX idx_events_search_vector ON events USING gin (search_vector);
CREATE INDEX idx_events_reviewed_false ON events (reviewed) WHERE reviewed = false;
CREATE INDEX idx_events_is_fast_path_true ON events (is_fast_path) WHERE is_fast_path = true;
CREATE INDEX idx_events_camera_started ON events (camera_id, started_at);
CREATE INDEX idx_events_camera_time_reviewed ON events (camera_id, started_at, reviewed);
CREATE INDEX idx_events_pagination_covering ON events (camera_id, started_at)
    INCLUDE (id, risk_score, risk_level, reviewed);
CREATE INDEX idx_events_risk_level_started_at ON events (risk_level, started_at);
CREATE INDEX idx_events_export_covering ON events (started_at, id)
    INCLUDE (ended_at, risk_level, risk_score, camera_id);
CREATE INDEX idx_events_unreviewed ON events (id) WHERE reviewed = false;

DO $$
BEGIN
    EXECUTE format(
        'CREATE INDEX idx_events_object_types_trgm ON events USING gin (object_types %s.gin_trgm_ops)',
        (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm')
    );
END;
$$;

CREATE TRIGGER events_search_vector_trigger
    BEFORE INSERT OR UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION events_search_vector_update();

ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY (id);

CREATE INDEX idx_logs_camera_id ON logs (camera_id);
CREATE INDEX idx_logs_component ON logs (component);
CREATE INDEX idx_logs_level ON logs (level);
CREATE INDEX idx_logs_source ON logs (source);
CREATE INDEX idx_logs_timestamp ON logs (timestamp);
CREATE INDEX idx_logs_time_level_component ON logs (timestamp, level, component);
CREATE INDEX idx_logs_time_level ON logs (timestamp, level);
CREATE INDEX idx_logs_pagination_covering ON logs (timestamp)
    INCLUDE (id, level, component, camera_id);

ALTER TABLE gpu_stats ADD CONSTRAINT gpu_stats_pkey PRIMARY KEY (id);

CREATE INDEX ix_gpu_stats_recorded_at_brin ON gpu_stats USING brin (recorded_at);

ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (id);

CREATE INDEX idx_audit_logs_timestamp ON audit_logs (timestamp);
CREATE INDEX idx_audit_logs_action ON audit_logs (action);
CREATE INDEX idx_audit_logs_resource_type ON audit_logs (resource_type);
CREATE INDEX idx_audit_logs_actor ON audit_logs (actor);
CREATE INDEX idx_audit_logs_status ON audit_logs (status);
CREATE INDEX idx_audit_logs_resource ON audit_logs (resource_type, resource_id);

ALTER TABLE alerts
    ADD CONSTRAINT fk_alerts_event_id
        FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE;
ALTER TABLE event_audits
    ADD CONSTRAINT event_audits_event_id_fkey
        FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE;
ALTER TABLE event_detections
    ADD CONSTRAINT event_detections_event_id_fkey
        FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE,
    ADD CONSTRAINT event_detections_detection_id_fkey
        FOREIGN KEY (detection_id) REFERENCES detections (id) ON DELETE CASCADE;

-- The new tables have no statistics yet.
ANALYZE detections, events, logs, gpu_stats, audit_logs;
