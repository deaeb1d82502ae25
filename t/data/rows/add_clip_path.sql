-- Values for events.clip_path.

UPDATE events SET clip_path = '/clips/' || batch_id || '.mp4' WHERE batch_id IN ('json', 'list', 'long');
