-- An ordinary test: what the schema does at its head.
BEGIN;
INSERT INTO customer VALUES (1, 'Ann@example.com', 'active');
INSERT INTO customer_order VALUES (10, 1);
SAVEPOINT before_error;
INSERT INTO customer VALUES (2, 'ann@example.com', 'active');
ROLLBACK TO before_error;
INSERT INTO customer VALUES (3, 'bob@example.com', NULL);
ROLLBACK;
