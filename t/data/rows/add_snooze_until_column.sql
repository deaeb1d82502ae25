-- Values for events.snooze_until.

UPDATE events SET snooze_until = '2026-01-06 00:00:00+00' WHERE batch_id IN ('json', 'null');
