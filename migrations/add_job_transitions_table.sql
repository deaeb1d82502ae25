-- Add the history of job states
--
-- The downgrade drops the table and every row in it.
--
-- Revision ID: add_job_transitions
-- Revises: add_snooze_until_column
-- Create Date: 2026-01-05 13:00:00+00

-- pgmig: upgrade
CREATE TABLE job_transitions (
    id uuid PRIMARY KEY,
    job_id varchar(36) NOT NULL,
    from_status varchar(50) NOT NULL,
    to_status varchar(50) NOT NULL,
    transitioned_at timestamptz NOT NULL DEFAULT now(),
    triggered_by varchar(50) NOT NULL DEFAULT 'worker',
    metadata_json text
);

CREATE INDEX idx_job_transitions_job_id ON job_transitions (job_id);
CREATE INDEX idx_job_transitions_transitioned_at ON job_transitions (transitioned_at);
CREATE INDEX idx_job_transitions_job_id_transitioned_at ON job_transitions (job_id, transitioned_at);

-- pgmig: downgrade
DROP TABLE job_transitions;
