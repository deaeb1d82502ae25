-- Make prompt versions unique for each model
--
-- Where a model has one version number several times, the oldest row keeps it;
-- the others get new numbers after the model's highest, in the order in which
-- they were created. No row is deleted.
--
-- The numbers that were replaced are kept in prompt_versions_renumbered. The
-- downgrade puts them back, except where a number was edited since, and drops
-- the table.
--
-- The table altered here comes from another branch, hence the dependency.
--
-- Revision ID: add_prompt_version_uq
-- Revises: add_zones_001
-- Create Date: 2025-12-30 10:10:00+00
-- Depends On: add_prompt_versions

-- pgmig: upgrade
-- No new duplicates between here and the constraint.
LOCK TABLE prompt_versions IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE prompt_versions_renumbered (
    prompt_version_id integer PRIMARY KEY REFERENCES prompt_versions (id) ON DELETE CASCADE,
    old_version integer NOT NULL,
    new_version integer NOT NULL
);

COMMENT ON TABLE prompt_versions_renumbered IS
    'Version numbers that revision add_prompt_version_uq replaced';

INSERT INTO prompt_versions_renumbered (prompt_version_id, old_version, new_version)
SELECT
    id,
    version,
    highest + row_number() OVER (PARTITION BY model ORDER BY created_at, id)
FROM (
    SELECT
        id,
        model,
        version,
        created_at,
        row_number() OVER (PARTITION BY model, version ORDER BY created_at, id) AS place,
        max(version) OVER (PARTITION BY model) AS highest
    FROM prompt_versions
) AS ranked
WHERE place > 1;

UPDATE prompt_versions AS p
SET version = r.new_version
FROM prompt_versions_renumbered AS r
WHERE p.id = r.prompt_version_id;

ALTER TABLE prompt_versions
    ADD CONSTRAINT uq_prompt_version_model_version UNIQUE (model, version);

-- pgmig: downgrade
ALTER TABLE prompt_versions DROP CONSTRAINT uq_prompt_version_model_version;

UPDATE prompt_versions AS p
SET version = r.old_version
FROM prompt_versions_renumbered AS r
WHERE p.id = r.prompt_version_id AND p.version = r.new_version;

DROP TABLE prompt_versions_renumbered;
