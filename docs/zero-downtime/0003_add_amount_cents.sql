-- Add the amount in cents
--
-- A column without a default and without NOT NULL changes no row. The trigger
-- fills it for every order that is written from now on, also by programs that
-- do not know the column: amount leads, amount_cents follows.
--
-- Revision ID: 0003_add_amount_cents
-- Revises: 0002_index_customer_id
-- Create Date: 2025-07-03 08:00:00+00

-- pgmig: upgrade
ALTER TABLE orders ADD COLUMN amount_cents bigint;

CREATE FUNCTION orders_set_amount_cents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.amount_cents := NEW.amount * 100;
    RETURN NEW;
END
$$;

CREATE TRIGGER orders_set_amount_cents
    BEFORE INSERT OR UPDATE OF amount ON orders
    FOR EACH ROW EXECUTE FUNCTION orders_set_amount_cents();

-- pgmig: downgrade
DROP TRIGGER orders_set_amount_cents ON orders;
DROP FUNCTION orders_set_amount_cents();
ALTER TABLE orders DROP COLUMN amount_cents;
