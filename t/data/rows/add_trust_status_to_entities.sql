-- A trusted entity.

UPDATE entities SET trust_status = 'trusted' WHERE entity_type = 'vehicle';
