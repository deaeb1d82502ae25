-- Merge user feedback and notification preferences
--
-- Revision ID: d896ab921049
-- Revises: add_user_feedback_calibration, eb2e0919ec02
-- Create Date: 2026-01-03 12:10:00+00

-- pgmig: upgrade
-- A merge point: nothing to do.

-- pgmig: downgrade
-- A merge point: nothing to do.
