-- A detection that is searched by what enrichment says about it.

INSERT INTO detections (camera_id, file_path, detected_at, object_type, enrichment_data) VALUES (
    'cam-5', '/cams/gärten/labels.jpg', '2026-01-04 13:55:00+00', 'vehicle',
    '{"vehicle_classification": {"make": "Fiat", "model": null, "color": ["red"]}, "pet_classification": {"breed": "Fiat"}}'
);
