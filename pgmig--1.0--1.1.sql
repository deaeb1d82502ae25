/* pgmig--1.0--1.1.sql */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION pgmig UPDATE TO '1.1'" to load this file. \quit

ALTER TABLE pgmig.unfinished ADD COLUMN left_by text;
COMMENT ON COLUMN pgmig.unfinished.left_by IS 'a statement that did not finish and may have left something, such as an invalid index';

ALTER TABLE pgmig.run ADD COLUMN fingerprint text COLLATE pg_catalog."C";
ALTER TABLE pgmig.run DROP CONSTRAINT run_operation_check;
ALTER TABLE pgmig.run ADD CONSTRAINT run_operation_check CHECK (operation OPERATOR(pg_catalog.=) ANY ('{upgrade,downgrade,stamp,accept}'::text[]));
COMMENT ON CONSTRAINT run_operation_check ON pgmig.run IS 'the operations that there are';
CREATE INDEX run_scope_idx ON pgmig.run (scope, run);
COMMENT ON INDEX pgmig.run_scope_idx IS 'the last run of a scope';
COMMENT ON COLUMN pgmig.run.operation IS 'upgrade, downgrade, stamp or accept';
COMMENT ON COLUMN pgmig.run.fingerprint IS 'of the schema at the end of the run, see pgmig.snapshot; null if it was not recorded';

CREATE TABLE pgmig.snapshot (
    fingerprint text COLLATE pg_catalog."C" NOT NULL,
    snapshot    jsonb NOT NULL,
    taken_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT snapshot_pkey PRIMARY KEY (fingerprint)
);
COMMENT ON TABLE pgmig.snapshot IS 'the schema as runs left it, each state once';
COMMENT ON COLUMN pgmig.snapshot.fingerprint IS 'what pgmig_fingerprint() says of it, in mode strict';
COMMENT ON COLUMN pgmig.snapshot.snapshot IS 'what pgmig_snapshot() returned';
COMMENT ON COLUMN pgmig.snapshot.taken_at IS 'when this state was first recorded';
COMMENT ON CONSTRAINT snapshot_pkey ON pgmig.snapshot IS 'a state is kept once';
SELECT pg_catalog.pg_extension_config_dump('pgmig.snapshot', '');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
ALTER TABLE pgmig.snapshot ENABLE ALWAYS TRIGGER guard;
COMMENT ON TRIGGER guard ON pgmig.snapshot IS 'refuses changes by a migration body';

CREATE FUNCTION pgmig_trigger_changed() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_changed() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_changed() IS 'trigger: lets every session look anew at what it knows of the catalogue';

-- Statements that change what is loaded, applied or half-done; and rows that
-- come by logical replication, which fires no triggers for statements.
CREATE TRIGGER changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.revision
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.revision_parent
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.revision_dependency
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.branch_label
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.unfinished
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.applied
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed_replicated AFTER INSERT OR UPDATE OR DELETE ON pgmig.revision
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed_replicated AFTER INSERT OR UPDATE OR DELETE ON pgmig.revision_parent
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed_replicated AFTER INSERT OR UPDATE OR DELETE ON pgmig.revision_dependency
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed_replicated AFTER INSERT OR UPDATE OR DELETE ON pgmig.branch_label
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed_replicated AFTER INSERT OR UPDATE OR DELETE ON pgmig.unfinished
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_changed();
CREATE TRIGGER changed_replicated AFTER INSERT OR UPDATE OR DELETE ON pgmig.applied
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_changed();

ALTER TABLE pgmig.revision ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;
ALTER TABLE pgmig.revision_parent ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;
ALTER TABLE pgmig.revision_dependency ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;
ALTER TABLE pgmig.branch_label ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;
ALTER TABLE pgmig.unfinished ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;
ALTER TABLE pgmig.applied ENABLE ALWAYS TRIGGER changed, ENABLE REPLICA TRIGGER changed_replicated;

COMMENT ON TRIGGER changed ON pgmig.revision IS 'sessions look anew at what they know';
COMMENT ON TRIGGER changed ON pgmig.revision_parent IS 'sessions look anew at what they know';
COMMENT ON TRIGGER changed ON pgmig.revision_dependency IS 'sessions look anew at what they know';
COMMENT ON TRIGGER changed ON pgmig.branch_label IS 'sessions look anew at what they know';
COMMENT ON TRIGGER changed ON pgmig.unfinished IS 'sessions look anew at what they know';
COMMENT ON TRIGGER changed ON pgmig.applied IS 'sessions look anew at what they know';
COMMENT ON TRIGGER changed_replicated ON pgmig.revision IS 'the same, for rows that come by logical replication';
COMMENT ON TRIGGER changed_replicated ON pgmig.revision_parent IS 'the same, for rows that come by logical replication';
COMMENT ON TRIGGER changed_replicated ON pgmig.revision_dependency IS 'the same, for rows that come by logical replication';
COMMENT ON TRIGGER changed_replicated ON pgmig.branch_label IS 'the same, for rows that come by logical replication';
COMMENT ON TRIGGER changed_replicated ON pgmig.unfinished IS 'the same, for rows that come by logical replication';
COMMENT ON TRIGGER changed_replicated ON pgmig.applied IS 'the same, for rows that come by logical replication';

CREATE FUNCTION pgmig_require(revision text) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_require(text) IS 'error unless the revision (an id or the start of one, a label, heads) is applied; for applications, at the start of a connection';

CREATE FUNCTION pgmig_is_at_head() RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_is_at_head() IS 'true if every revision is applied and none is half-done; true if there is none';

CREATE FUNCTION pgmig_version() RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pgmig_version() IS 'version of the library that is loaded; the version of the functions and tables is that of the extension';

CREATE FUNCTION pgmig_trigger_record() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_record() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_record() IS 'trigger: records the schema at the end of a script';
CREATE TRIGGER record_script AFTER UPDATE OF outcome ON pgmig.run
    FOR EACH ROW WHEN (NEW.mode OPERATOR(pg_catalog.=) 'script' AND NEW.outcome OPERATOR(pg_catalog.=) 'done' AND OLD.outcome OPERATOR(pg_catalog.<>) 'done') EXECUTE FUNCTION pgmig_trigger_record();
COMMENT ON TRIGGER record_script ON pgmig.run IS 'records the schema at the end of a script';

CREATE FUNCTION pgmig_snapshot(schemas text[] DEFAULT NULL) RETURNS jsonb
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_snapshot(text[]) IS 'every user object of the database, or of some schemas, with all its properties';

CREATE FUNCTION pgmig_fingerprint(mode text DEFAULT 'strict', schemas text[] DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_fingerprint(text, text[]) IS 'SHA-256 of the schema; mode logical ignores the order of columns and automatic names of constraints';

CREATE FUNCTION pgmig_fingerprint(snapshot jsonb, mode text DEFAULT 'strict') RETURNS text
AS 'MODULE_PATHNAME', 'pgmig_fingerprint_of' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION pgmig_fingerprint(jsonb, text) IS 'SHA-256 of a snapshot; mode logical ignores the order of columns and automatic names of constraints';

CREATE FUNCTION pgmig_compare(a jsonb, b jsonb, mode text DEFAULT 'strict', OUT change text, OUT kind text, OUT identity text, OUT property text, OUT a_value text, OUT b_value text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION pgmig_compare(jsonb, jsonb, text) IS 'the differences between two snapshots, one a row';

CREATE FUNCTION pgmig_verify(target text DEFAULT 'heads', force boolean DEFAULT false, direction text DEFAULT 'upgrade', OUT revision text, OUT "check" text, OUT outcome text, OUT kind text, OUT identity text, OUT property text, OUT expected text, OUT found text, OUT message text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_verify(text, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_verify(text, boolean, text) IS 'rehearse a run and prove that each of its revisions can be taken back; changes nothing';

CREATE FUNCTION pgmig_check(raise boolean DEFAULT false, OUT "check" text, OUT kind text, OUT identity text, OUT property text, OUT expected text, OUT found text, OUT changed_by text, OUT hint text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_check(boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_check(boolean) IS 'what is not as the migrations have left it, a row each; with raise, an error instead';

CREATE FUNCTION pgmig_accept(reason text) RETURNS bigint
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_accept(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_accept(text) IS 'record the present schema as the expected one; returns the number of the run';

CREATE FUNCTION pgmig_recorded(run bigint DEFAULT NULL) RETURNS jsonb
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_recorded(bigint) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_recorded(bigint) IS 'snapshot of the schema as a run has left it, null: the last one';

CREATE FUNCTION pgmig_kinds(OUT kind text, OUT catalog regclass, OUT note text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION pgmig_kinds() IS 'the kinds of objects that a snapshot describes, and the catalogs that it leaves out or describes with other objects';

CREATE FUNCTION pgmig_revoke(role name) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_revoke(name) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_revoke(name) IS 'take back from a role all that pgmig_grant() gives; what it has given others with pgmig_grant() stays';

CREATE TABLE pgmig.guard (
    only_row boolean NOT NULL DEFAULT true,
    mode     text NOT NULL,
    set_by   text NOT NULL DEFAULT session_user,
    set_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT guard_pkey PRIMARY KEY (only_row),
    CONSTRAINT guard_only_row_check CHECK (only_row),
    CONSTRAINT guard_mode_check CHECK (mode OPERATOR(pg_catalog.=) ANY ('{off,log,deny}'::text[]))
);
COMMENT ON TABLE pgmig.guard IS 'what happens to DDL from outside of runs; without a row, nothing';
COMMENT ON COLUMN pgmig.guard.only_row IS 'true';
COMMENT ON COLUMN pgmig.guard.mode IS 'off, log or deny';
COMMENT ON COLUMN pgmig.guard.set_by IS 'session user who chose it';
COMMENT ON COLUMN pgmig.guard.set_at IS 'when it was chosen';

CREATE SEQUENCE pgmig.guard_log_id_seq;
CREATE TABLE pgmig.guard_log (
    id           bigint NOT NULL DEFAULT pg_catalog.nextval('pgmig.guard_log_id_seq'),
    logged_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    role         text NOT NULL DEFAULT current_user,
    session_role text NOT NULL DEFAULT session_user,
    client       inet DEFAULT pg_catalog.inet_client_addr(),
    application  text DEFAULT pg_catalog.current_setting('application_name'),
    tag          text NOT NULL,
    object_type  text,
    identity     text,
    statement    text,
    CONSTRAINT guard_log_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE pgmig.guard_log_id_seq OWNED BY pgmig.guard_log.id;
COMMENT ON SEQUENCE pgmig.guard_log_id_seq IS 'order of pgmig.guard_log';
COMMENT ON TABLE pgmig.guard_log IS 'DDL from outside of runs while the guard was set to log: one row per object';
COMMENT ON COLUMN pgmig.guard_log.id IS 'order of the rows';
COMMENT ON COLUMN pgmig.guard_log.logged_at IS 'when the command was carried out';
COMMENT ON COLUMN pgmig.guard_log.role IS 'current_user of the statement';
COMMENT ON COLUMN pgmig.guard_log.session_role IS 'session_user';
COMMENT ON COLUMN pgmig.guard_log.client IS 'address of the client; null for a socket';
COMMENT ON COLUMN pgmig.guard_log.application IS 'application_name of the client';
COMMENT ON COLUMN pgmig.guard_log.tag IS 'command tag';
COMMENT ON COLUMN pgmig.guard_log.object_type IS 'kind of the object, as the server calls it';
COMMENT ON COLUMN pgmig.guard_log.identity IS 'identity of the object, as the server writes it';
COMMENT ON COLUMN pgmig.guard_log.statement IS 'what the client sent, cut at 8000 bytes; null where it may hold a password';

SELECT pg_catalog.pg_extension_config_dump('pgmig.guard', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.guard_log_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.guard_log', '');

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.guard
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.guard_log
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();

ALTER TABLE pgmig.guard ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.guard_log ENABLE ALWAYS TRIGGER guard;

COMMENT ON TRIGGER guard ON pgmig.guard IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.guard_log IS 'refuses changes by a migration body';

CREATE FUNCTION pgmig_guard(mode text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_guard(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_guard(text) IS 'say what happens to DDL from outside of runs: log records it, deny refuses it, off does neither; NULL changes nothing; returns what is in force';

CREATE FUNCTION pgmig_guard_log(
    OUT id bigint, OUT logged_at timestamptz, OUT role text, OUT session_role text,
    OUT client inet, OUT application text, OUT tag text, OUT object_type text,
    OUT identity text, OUT statement text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000;
REVOKE ALL ON FUNCTION pgmig_guard_log() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_guard_log() IS 'DDL from outside of runs while the guard was set to log, newest first';

CREATE FUNCTION pgmig_event_start() RETURNS event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_event_start() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_event_start() IS 'event trigger: refuses DDL from outside of runs before it begins';

CREATE FUNCTION pgmig_event_end() RETURNS event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_event_end() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_event_end() IS 'event trigger: records or refuses what DDL from outside of runs has made and changed';

CREATE FUNCTION pgmig_event_drop() RETURNS event_trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_event_drop() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_event_drop() IS 'event trigger: records or refuses what DDL from outside of runs has dropped';

CREATE EVENT TRIGGER pgmig_guard_start ON ddl_command_start EXECUTE FUNCTION pgmig_event_start();
ALTER EVENT TRIGGER pgmig_guard_start DISABLE;
COMMENT ON EVENT TRIGGER pgmig_guard_start IS 'refuses DDL from outside of runs; switched by pgmig_guard()';

CREATE EVENT TRIGGER pgmig_guard_end ON ddl_command_end EXECUTE FUNCTION pgmig_event_end();
ALTER EVENT TRIGGER pgmig_guard_end DISABLE;
COMMENT ON EVENT TRIGGER pgmig_guard_end IS 'records or refuses DDL from outside of runs; switched by pgmig_guard()';

CREATE EVENT TRIGGER pgmig_guard_drop ON sql_drop EXECUTE FUNCTION pgmig_event_drop();
ALTER EVENT TRIGGER pgmig_guard_drop DISABLE;
COMMENT ON EVENT TRIGGER pgmig_guard_drop IS 'records or refuses DDL from outside of runs; switched by pgmig_guard()';

-- A trusted extension belongs to the role that creates it, the objects in it to
-- a superuser.  The role may do all but change the objects, so that it can dump
-- and restore them, too.
SELECT pgmig_grant(r.rolname, 'administrator'::pg_catalog.text)
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) e.extowner
WHERE e.extname OPERATOR(pg_catalog.=) 'pgmig';

COMMENT ON FUNCTION pgmig_grant(name, text) IS 'give a role what a reader (SELECT on the tables), an author (loads and changes revisions) or a runner (upgrades, downgrades, stamps) needs, or an administrator (all of these, and to grant them)';
COMMENT ON INDEX pgmig.revision_head_idx IS 'heads of the graph, found without a scan';
COMMENT ON INDEX pgmig.run_running_idx IS 'runs at work, and those whose process is gone';
COMMENT ON CONSTRAINT revision_pkey ON pgmig.revision IS 'one row per revision id';
COMMENT ON CONSTRAINT revision_load_order_key ON pgmig.revision IS 'no two revisions were loaded at the same place of the order';
COMMENT ON CONSTRAINT revision_id_check ON pgmig.revision IS 'an id can be written as a target: no blanks, none of ",@+:-", no word with a meaning, at most 255 bytes';
COMMENT ON CONSTRAINT revision_downgrade_check ON pgmig.revision IS 'an irreversible revision has neither downgrade nor what is known of it';
COMMENT ON CONSTRAINT revision_parent_pkey ON pgmig.revision_parent IS 'parents of a revision have an order';
COMMENT ON CONSTRAINT revision_parent_key ON pgmig.revision_parent IS 'no parent twice; finds the children of a revision';
COMMENT ON CONSTRAINT revision_dependency_pkey ON pgmig.revision_dependency IS 'dependencies of a revision have an order';
COMMENT ON CONSTRAINT revision_dependency_key ON pgmig.revision_dependency IS 'no dependency twice; finds the dependents of a revision';
COMMENT ON CONSTRAINT branch_label_pkey ON pgmig.branch_label IS 'a label belongs to one revision';
COMMENT ON CONSTRAINT branch_label_revision_key ON pgmig.branch_label IS 'labels of a revision have an order';
COMMENT ON CONSTRAINT branch_label_check ON pgmig.branch_label IS 'a label can be written as a target, like an id';
COMMENT ON CONSTRAINT run_pkey ON pgmig.run IS 'one row per run';
COMMENT ON CONSTRAINT run_operation_check ON pgmig.run IS 'the operations that there are';
COMMENT ON CONSTRAINT run_outcome_check ON pgmig.run IS 'the outcomes that there are';
COMMENT ON CONSTRAINT run_mode_check ON pgmig.run IS 'the modes that there are';
COMMENT ON CONSTRAINT run_step_pkey ON pgmig.run_step IS 'steps of a run have an order';
COMMENT ON CONSTRAINT run_step_direction_check ON pgmig.run_step IS 'the directions that there are';
COMMENT ON CONSTRAINT run_step_outcome_check ON pgmig.run_step IS 'the outcomes that there are';
COMMENT ON CONSTRAINT run_message_pkey ON pgmig.run_message IS 'messages of a run have an order';
COMMENT ON CONSTRAINT unfinished_pkey ON pgmig.unfinished IS 'at most one half-done revision in a scope';
COMMENT ON CONSTRAINT unfinished_direction_check ON pgmig.unfinished IS 'the directions that can be half-done';
COMMENT ON CONSTRAINT applied_pkey ON pgmig.applied IS 'a revision is applied once in a scope';
COMMENT ON CONSTRAINT guard_pkey ON pgmig.guard IS 'at most one row';
COMMENT ON CONSTRAINT guard_only_row_check ON pgmig.guard IS 'at most one row';
COMMENT ON CONSTRAINT guard_mode_check ON pgmig.guard IS 'the modes that there are';
COMMENT ON CONSTRAINT guard_log_pkey ON pgmig.guard_log IS 'rows have an order';
COMMENT ON FUNCTION pgmig_upgrade(text, text) IS 'upgrade to the target (head, heads, a revision or the start of its id, +N, label@head) in the transaction of the caller; tag goes to the log; returns the revisions in the order in which they ran';
COMMENT ON FUNCTION pgmig_downgrade(text, text) IS 'downgrade to the target (base, a revision or the start of its id, -N, label@base) in the transaction of the caller; tag goes to the log; returns the revisions in the order in which they ran';
COMMENT ON PROCEDURE pgmig_upgrade_stepwise(text, text) IS 'upgrade to the target, a transaction a revision, with CREATE INDEX CONCURRENTLY and the like; to be called outside of a transaction block; goes on where an interrupted run stopped';
COMMENT ON PROCEDURE pgmig_downgrade_stepwise(text, text) IS 'downgrade to the target, a transaction a revision; to be called outside of a transaction block; goes on where an interrupted run stopped';
COMMENT ON FUNCTION pgmig_plan(text, text) IS 'the steps that an upgrade to the target, or with direction downgrade a downgrade, would take now; runs nothing';
COMMENT ON FUNCTION pgmig_history(text) IS 'revisions of a range start:end, of which either may be missing, newest first; by default all';
COMMENT ON FUNCTION pgmig_revision(text, text, text, boolean, text, text[], text, text, boolean) IS 'make a new revision on top of head, with splice below a head, too, and return its document; downgrade NULL makes it irreversible, transactional false marks its sections no-transaction';
COMMENT ON FUNCTION pgmig_status() IS 'in one row: what is current, how much is not applied, who runs now, and what was interrupted';
COMMENT ON FUNCTION pgmig_show(text) IS 'everything about the revisions that the target names, SQL and dates included; current is a target, too';
COMMENT ON FUNCTION pgmig_stamp(text, boolean, text) IS 'say what is applied without running any body; purge forgets first what was; returns the current revisions afterwards';
COMMENT ON FUNCTION pgmig_stamp(text[], boolean, text) IS 'say what is applied, up to several targets, without running any body; purge forgets first what was; returns the current revisions afterwards';
