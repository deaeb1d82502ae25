-- Versions other than 1.

UPDATE alerts SET version_id = 3 WHERE dedup_key = 'cam-1:Night';
