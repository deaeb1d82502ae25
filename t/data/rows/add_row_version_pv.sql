-- Row versions other than 1.

UPDATE prompt_versions SET row_version = 5 WHERE model = 'florence2';
