-- Add the prompt that an event was analysed with
--
-- The downgrade drops the column with its values.
--
-- Revision ID: add_llm_prompt
-- Revises: fix_search_vector_backfill
-- Create Date: 2025-12-29 08:30:00+00

-- pgmig: upgrade
ALTER TABLE events ADD COLUMN llm_prompt text;

-- pgmig: downgrade
ALTER TABLE events DROP COLUMN llm_prompt;
