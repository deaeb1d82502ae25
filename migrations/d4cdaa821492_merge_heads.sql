-- Merge trigram search and prompt versions
--
-- A merge point: there is nothing to do in either direction.
--
-- Revision ID: d4cdaa821492
-- Revises: add_object_types_gin_trgm, add_prompt_versions
-- Create Date: 2025-12-29 16:00:00+00

-- pgmig: upgrade

-- pgmig: downgrade
