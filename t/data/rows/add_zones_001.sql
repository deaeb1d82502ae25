-- Rows for zones.

INSERT INTO zones (id, camera_id, name, zone_type, coordinates, shape, color, enabled, priority, created_at, updated_at) VALUES
    ('zone-1', 'cam-1', 'Door', 'entry_point', '[[0, 0], [1, 1]]', 'rectangle', '#00FF7f', true, 0, '2025-12-28 13:10:00', '2025-12-28 13:10:00'),
    ('zone-2', 'cam-2', 'Straße', 'sidewalk', '[[0, 0], [0.5, 1], [1, 0]]', 'polygon', '#abcdef', false, 7, '2025-03-30 02:30:00', '2025-12-28 13:10:00');
