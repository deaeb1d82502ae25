-- Merge user feedback and notification preferences
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: d896ab921049
-- Revises: add_user_feedback_calibration, eb2e0919ec02
-- Create Date: 2026-01-03 12:10:00+00

-- pgmig: upgrade

-- pgmig: downgrade
