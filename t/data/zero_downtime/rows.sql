-- Rows for the base tables of docs/zero-downtime, to be inserted once its first
-- revision is applied. The values are fixed (no clock, no random numbers), and
-- legal for all later revisions. Ids have gaps. Of the orders, every twentieth
-- was cancelled after it had been shipped.

INSERT INTO customer (id, email)
SELECT i, format('customer%s@example.org', i)
FROM generate_series(1, 2000) AS i;

INSERT INTO orders (id, order_number, customer_id, status, amount, placed_at, shipped_at)
SELECT i * 3, format('A-%s', i), i * 7 % 2000 + 1,
    (CASE WHEN i % 10 = 0 THEN 'cancelled' WHEN i % 10 < 7 THEN 'shipped' WHEN i % 10 < 9 THEN 'paid' ELSE 'new' END)::order_status,
    (i * 37 % 100000) / 100.0,
    '2024-07-01 00:00:00+00'::timestamptz + i * interval '15 minutes',
    CASE WHEN i % 10 < 7 AND i % 20 <> 10 THEN '2024-07-03 00:00:00+00'::timestamptz + i * interval '15 minutes' END
FROM generate_series(1, 30000) AS i;

INSERT INTO order_event (id, order_id, kind, happened_at)
SELECT i, i * 3, 'placed', '2024-07-01 00:00:00+00'::timestamptz + i * interval '15 minutes'
FROM generate_series(1, 26000) AS i;

INSERT INTO order_event_2025_q2 (id, order_id, kind, happened_at)
SELECT i, i * 3 - 75000, 'delivered', '2025-04-01 00:00:00+00'::timestamptz + (i - 26001) * interval '15 minutes'
FROM generate_series(26001, 34000) AS i;

SELECT setval(pg_get_serial_sequence('customer', 'id'), 2000);
SELECT setval(pg_get_serial_sequence('orders', 'id'), 90000);
