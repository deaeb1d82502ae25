-- Merge feedback types and job states
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: 6b206d6591cb
-- Revises: add_4_feedback_types, add_job_transitions
-- Create Date: 2026-01-05 16:20:00+00

-- pgmig: upgrade

-- pgmig: downgrade
