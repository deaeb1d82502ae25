-- Deferred triggers of a user fire with the rights of the caller, whatever
-- they do to the state of constraints.
CREATE EXTENSION pgmig;
CREATE ROLE pgmig_mallory;
GRANT CREATE ON SCHEMA public TO pgmig_mallory;
SELECT pgmig_grant('pgmig_mallory', 'author'), pgmig_grant('pgmig_mallory', 'runner');

SET ROLE pgmig_mallory;
CREATE TABLE loot (who text);
CREATE TABLE t1 (a int);
CREATE TABLE t2 (a int);
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_argv[0] = 'first' THEN
        SET CONSTRAINTS ALL DEFERRED;
        INSERT INTO public.t2 VALUES (1);
    ELSE
        INSERT INTO public.loot VALUES (current_user);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER c1 AFTER INSERT ON t1 DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION trap('first');
CREATE CONSTRAINT TRIGGER c2 AFTER INSERT ON t2 DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW EXECUTE FUNCTION trap('second');
SELECT * FROM pgmig_import($$
-- fire
-- Revision ID: fire
-- pgmig: upgrade
INSERT INTO t1 VALUES (1);
$$);
SELECT * FROM pgmig_upgrade();
SELECT * FROM loot;
RESET ROLE;

DROP EXTENSION pgmig;
DROP TABLE loot, t1, t2;
DROP FUNCTION trap;
REVOKE CREATE ON SCHEMA public FROM pgmig_mallory;
DROP OWNED BY pgmig_mallory;
DROP ROLE pgmig_mallory;
