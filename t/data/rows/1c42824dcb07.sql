-- Log lines that are searched, one of them too long for a tsvector.

INSERT INTO logs (timestamp, level, component, message)
VALUES ('2026-01-04 11:20:00+00', 'ERROR', 'search', 'The cameras were running');

INSERT INTO logs (timestamp, level, component, message)
SELECT '2026-01-04 11:21:00+00', 'ERROR', 'search', string_agg(md5(n::text), ' ')
FROM generate_series(1, 50000) AS n;
