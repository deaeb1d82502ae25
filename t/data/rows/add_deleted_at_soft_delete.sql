-- Soft-deleted rows.

UPDATE cameras SET deleted_at = '2026-01-04 09:35:00+00' WHERE id = 'cam-7';
UPDATE events SET deleted_at = '2026-01-04 09:36:00+00' WHERE batch_id = 'null';
