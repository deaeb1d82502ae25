-- Make camera names and folder paths unique
--
-- Among cameras that share a name, the oldest keeps it; the others get their id
-- appended, as in "Porch (cam-7)". Folder paths are treated alike. No camera is
-- deleted, and so nothing that belongs to one. A camera whose folder path was
-- changed receives no new files until someone sets the right path.
--
-- The values that were replaced are kept in cameras_deduplicated. The downgrade
-- puts them back, except where a name or path was edited since, and drops the
-- table.
--
-- Revision ID: add_camera_unique_constraints
-- Revises: add_event_audits
-- Create Date: 2025-12-29 12:20:00+00

-- pgmig: upgrade
-- No new duplicates between here and the indexes.
LOCK TABLE cameras IN SHARE ROW EXCLUSIVE MODE;

-- An old and a new value of NULL mean that this one was not changed.
CREATE TABLE cameras_deduplicated (
    camera_id varchar PRIMARY KEY REFERENCES cameras (id) ON DELETE CASCADE,
    old_name varchar,
    new_name varchar,
    old_folder_path varchar,
    new_folder_path varchar
);

COMMENT ON TABLE cameras_deduplicated IS
    'Camera names and paths that revision add_camera_unique_constraints replaced';

DO $$
DECLARE
    camera record;
    candidate text;
BEGIN
    FOR camera IN
        SELECT id, name
        FROM (
            SELECT id, name,
                row_number() OVER (PARTITION BY name ORDER BY created_at, id) AS place
            FROM cameras
        ) AS ranked
        WHERE place > 1
        ORDER BY name, place
    LOOP
        candidate := format('%s (%s)', camera.name, camera.id);
        WHILE EXISTS (SELECT FROM cameras WHERE name = candidate) LOOP
            candidate := candidate || '*';
        END LOOP;

        INSERT INTO cameras_deduplicated (camera_id, old_name, new_name)
        VALUES (camera.id, camera.name, candidate);

        UPDATE cameras SET name = candidate WHERE id = camera.id;
    END LOOP;

    FOR camera IN
        SELECT id, folder_path
        FROM (
            SELECT id, folder_path,
                row_number() OVER (PARTITION BY folder_path ORDER BY created_at, id) AS place
            FROM cameras
        ) AS ranked
        WHERE place > 1
        ORDER BY folder_path, place
    LOOP
        candidate := format('%s (%s)', camera.folder_path, camera.id);
        WHILE EXISTS (SELECT FROM cameras WHERE folder_path = candidate) LOOP
            candidate := candidate || '*';
        END LOOP;

        INSERT INTO cameras_deduplicated (camera_id, old_folder_path, new_folder_path)
        VALUES (camera.id, camera.folder_path, candidate)
        ON CONFLICT (camera_id) DO UPDATE
            SET old_folder_path = EXCLUDED.old_folder_path,
                new_folder_path = EXCLUDED.new_folder_path;

        UPDATE cameras SET folder_path = candidate WHERE id = camera.id;
    END LOOP;
END;
$$;

CREATE UNIQUE INDEX idx_cameras_name_unique ON cameras (name);
CREATE UNIQUE INDEX idx_cameras_folder_path_unique ON cameras (folder_path);

-- pgmig: downgrade
DROP INDEX idx_cameras_folder_path_unique;
DROP INDEX idx_cameras_name_unique;

UPDATE cameras AS c
SET name = d.old_name
FROM cameras_deduplicated AS d
WHERE c.id = d.camera_id AND c.name = d.new_name;

UPDATE cameras AS c
SET folder_path = d.old_folder_path
FROM cameras_deduplicated AS d
WHERE c.id = d.camera_id AND c.folder_path = d.new_folder_path;

DROP TABLE cameras_deduplicated;
