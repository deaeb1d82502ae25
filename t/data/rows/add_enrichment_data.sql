-- Values for detections.enrichment_data.

UPDATE detections
SET enrichment_data = '{"vehicle_classification": {"make": "Škoda", "model": "Octavia", "color": "blue"}, "n": 1.50}'
WHERE file_path = '/cams/porch/2.mp4';

UPDATE detections
SET enrichment_data = '{"pet_classification": {"breed": "Dackel", "species": "dog"}}'
WHERE file_path = '/cams/gärten/4.jpg';

UPDATE detections SET enrichment_data = '"vehicle_classification"' WHERE file_path = '/5.jpg';
UPDATE detections SET enrichment_data = 'null' WHERE file_path = '/6.jpg';
