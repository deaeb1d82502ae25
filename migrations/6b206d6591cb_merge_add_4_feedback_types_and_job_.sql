-- Merge feedback types and job states
--
-- Revision ID: 6b206d6591cb
-- Revises: add_4_feedback_types, add_job_transitions
-- Create Date: 2026-01-05 16:20:00+00

-- pgmig: upgrade
-- A merge point: nothing to do.

-- pgmig: downgrade
-- A merge point: nothing to do.
