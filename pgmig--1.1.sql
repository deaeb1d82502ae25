/* pgmig--1.1.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pgmig" to load this file. \quit

--
-- The catalogue
--
-- Names of revisions, labels and scopes compare byte by byte, whatever the
-- locale of the database.
--
-- Triggers check what refers to what: a parallel pg_restore fills the tables
-- of an extension in any order, which foreign keys would not let pass.
--

CREATE SCHEMA pgmig;
COMMENT ON SCHEMA pgmig IS 'migration history: revision graph, bodies, what is applied, and the log of runs';

CREATE TABLE pgmig.revision (
    revision                text COLLATE pg_catalog."C" NOT NULL,
    load_order              bigint NOT NULL,
    message                 text NOT NULL,
    long_message            text,
    created_at              timestamptz,
    upgrade                 text NOT NULL,
    upgrade_transactional   boolean NOT NULL DEFAULT true,
    upgrade_statements      integer NOT NULL,
    upgrade_checksum        text COLLATE pg_catalog."C" NOT NULL,
    downgrade               text,
    downgrade_transactional boolean NOT NULL DEFAULT true,
    downgrade_statements    integer,
    downgrade_checksum      text COLLATE pg_catalog."C",
    has_children            boolean NOT NULL DEFAULT false,
    source                  text,
    loaded_by               text NOT NULL DEFAULT session_user,
    loaded_at               timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT revision_pkey PRIMARY KEY (revision),
    CONSTRAINT revision_load_order_key UNIQUE (load_order),
    CONSTRAINT revision_id_check CHECK (revision OPERATOR(pg_catalog.!~) '[[:space:][:cntrl:],@+:-]' AND pg_catalog.octet_length(revision) OPERATOR(pg_catalog.<=) 255 AND revision OPERATOR(pg_catalog.<>) ALL ('{"",head,heads,base,current}'::text[])),
    CONSTRAINT revision_downgrade_check CHECK ((downgrade IS NULL) OPERATOR(pg_catalog.=) (downgrade_checksum IS NULL) AND (downgrade IS NULL) OPERATOR(pg_catalog.=) (downgrade_statements IS NULL))
);
CREATE INDEX revision_head_idx ON pgmig.revision (load_order) WHERE NOT has_children;
COMMENT ON TABLE pgmig.revision IS 'one row per revision: its upgrade and downgrade SQL and where it came from';
COMMENT ON COLUMN pgmig.revision.revision IS 'revision id';
COMMENT ON COLUMN pgmig.revision.load_order IS 'order in which revisions were first loaded; breaks ties in plans';
COMMENT ON COLUMN pgmig.revision.message IS 'first line of the message';
COMMENT ON COLUMN pgmig.revision.long_message IS 'further lines of the message';
COMMENT ON COLUMN pgmig.revision.created_at IS 'Create Date of the document';
COMMENT ON COLUMN pgmig.revision.upgrade IS 'SQL of the upgrade';
COMMENT ON COLUMN pgmig.revision.upgrade_transactional IS 'false if the section is marked no-transaction';
COMMENT ON COLUMN pgmig.revision.upgrade_statements IS 'number of statements in upgrade';
COMMENT ON COLUMN pgmig.revision.upgrade_checksum IS 'SHA-256 over the tokens of upgrade';
COMMENT ON COLUMN pgmig.revision.downgrade IS 'SQL of the downgrade; null means irreversible';
COMMENT ON COLUMN pgmig.revision.downgrade_transactional IS 'false if the section is marked no-transaction';
COMMENT ON COLUMN pgmig.revision.downgrade_statements IS 'number of statements in downgrade';
COMMENT ON COLUMN pgmig.revision.downgrade_checksum IS 'SHA-256 over the tokens of downgrade';
COMMENT ON COLUMN pgmig.revision.has_children IS 'some revision names this one as a parent; kept up by a trigger';
COMMENT ON COLUMN pgmig.revision.source IS 'file or other source of the document';
COMMENT ON COLUMN pgmig.revision.loaded_by IS 'role that loaded the present version';
COMMENT ON COLUMN pgmig.revision.loaded_at IS 'when the present version was loaded';

CREATE TABLE pgmig.revision_parent (
    revision text COLLATE pg_catalog."C" NOT NULL,
    ordinal  integer NOT NULL,
    parent   text COLLATE pg_catalog."C" NOT NULL,
    CONSTRAINT revision_parent_pkey PRIMARY KEY (revision, ordinal),
    CONSTRAINT revision_parent_key UNIQUE (parent, revision)
);
COMMENT ON TABLE pgmig.revision_parent IS 'edges of the graph: the revisions that a revision revises';
COMMENT ON COLUMN pgmig.revision_parent.revision IS 'the revision that revises';
COMMENT ON COLUMN pgmig.revision_parent.parent IS 'the revision that it revises';
COMMENT ON COLUMN pgmig.revision_parent.ordinal IS 'order in which the document names them, from 1';

CREATE TABLE pgmig.revision_dependency (
    revision   text COLLATE pg_catalog."C" NOT NULL,
    ordinal    integer NOT NULL,
    dependency text COLLATE pg_catalog."C" NOT NULL,
    declared   text NOT NULL,
    CONSTRAINT revision_dependency_pkey PRIMARY KEY (revision, ordinal),
    CONSTRAINT revision_dependency_key UNIQUE (dependency, revision)
);
COMMENT ON TABLE pgmig.revision_dependency IS 'edges of the graph: the revisions that a revision depends on without revising them';
COMMENT ON COLUMN pgmig.revision_dependency.revision IS 'the revision that depends';
COMMENT ON COLUMN pgmig.revision_dependency.dependency IS 'the revision on which it depends';
COMMENT ON COLUMN pgmig.revision_dependency.ordinal IS 'order in which the document names them, from 1';
COMMENT ON COLUMN pgmig.revision_dependency.declared IS 'the id or label that the document names';

CREATE TABLE pgmig.branch_label (
    label    text COLLATE pg_catalog."C" NOT NULL,
    revision text COLLATE pg_catalog."C" NOT NULL,
    ordinal  integer NOT NULL,
    CONSTRAINT branch_label_pkey PRIMARY KEY (label),
    CONSTRAINT branch_label_revision_key UNIQUE (revision, ordinal),
    CONSTRAINT branch_label_check CHECK (label OPERATOR(pg_catalog.!~) '[[:space:][:cntrl:],@+:-]' AND pg_catalog.octet_length(label) OPERATOR(pg_catalog.<=) 255 AND label OPERATOR(pg_catalog.<>) ALL ('{"",head,heads,base,current}'::text[]))
);
COMMENT ON TABLE pgmig.branch_label IS 'branch labels and the revisions that carry them';
COMMENT ON COLUMN pgmig.branch_label.label IS 'the label';
COMMENT ON COLUMN pgmig.branch_label.revision IS 'the revision that carries it';
COMMENT ON COLUMN pgmig.branch_label.ordinal IS 'order in which the document names the labels, from 1';

CREATE SEQUENCE pgmig.run_run_seq;
CREATE TABLE pgmig.run (
    run            bigint NOT NULL DEFAULT pg_catalog.nextval('pgmig.run_run_seq'),
    operation      text NOT NULL,
    target         text NOT NULL,
    scope          text COLLATE pg_catalog."C" NOT NULL DEFAULT '',
    tag            text,
    role           text NOT NULL DEFAULT current_user,
    client         inet DEFAULT pg_catalog.inet_client_addr(),
    application    text DEFAULT pg_catalog.current_setting('application_name'),
    server_version text NOT NULL DEFAULT pg_catalog.current_setting('server_version'),
    started_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ended_at       timestamptz,
    outcome        text NOT NULL DEFAULT 'running',
    sqlstate       text,
    error          text,
    mode           text NOT NULL DEFAULT 'script',
    pid            integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    fingerprint    text COLLATE pg_catalog."C",
    CONSTRAINT run_pkey PRIMARY KEY (run),
    CONSTRAINT run_operation_check CHECK (operation OPERATOR(pg_catalog.=) ANY ('{upgrade,downgrade,stamp,accept}'::text[])),
    CONSTRAINT run_outcome_check CHECK (outcome OPERATOR(pg_catalog.=) ANY ('{running,done,failed,interrupted}'::text[])),
    CONSTRAINT run_mode_check CHECK (mode OPERATOR(pg_catalog.=) ANY ('{transaction,stepwise,worker,script}'::text[]))
);
CREATE INDEX run_scope_idx ON pgmig.run (scope, run);
CREATE INDEX run_running_idx ON pgmig.run (run) WHERE outcome OPERATOR(pg_catalog.=) 'running';
ALTER SEQUENCE pgmig.run_run_seq OWNED BY pgmig.run.run;
COMMENT ON SEQUENCE pgmig.run_run_seq IS 'numbers of runs';
COMMENT ON TABLE pgmig.run IS 'one row per call that changed what is applied';
COMMENT ON COLUMN pgmig.run.run IS 'number of the run';
COMMENT ON COLUMN pgmig.run.target IS 'target or targets as given; for a script, the range';
COMMENT ON COLUMN pgmig.run.scope IS 'value of pgmig.scope';
COMMENT ON COLUMN pgmig.run.tag IS 'tag as given';
COMMENT ON COLUMN pgmig.run.client IS 'address of the client; null for a socket';
COMMENT ON COLUMN pgmig.run.application IS 'application_name of the client';
COMMENT ON COLUMN pgmig.run.server_version IS 'version of the server';
COMMENT ON COLUMN pgmig.run.started_at IS 'when the run started';
COMMENT ON COLUMN pgmig.run.ended_at IS 'when it ended';
COMMENT ON COLUMN pgmig.run.sqlstate IS 'SQLSTATE of a failed run';
COMMENT ON COLUMN pgmig.run.error IS 'message of a failed run';
COMMENT ON COLUMN pgmig.run.operation IS 'upgrade, downgrade, stamp or accept';
COMMENT ON COLUMN pgmig.run.fingerprint IS 'of the schema at the end of the run, see pgmig.snapshot; null if it was not recorded';
COMMENT ON COLUMN pgmig.run.role IS 'current_user of the caller';
COMMENT ON COLUMN pgmig.run.outcome IS 'running, done, failed, or interrupted: its process ended in the middle';
COMMENT ON COLUMN pgmig.run.mode IS 'transaction (of the caller), stepwise, worker (stepwise in the background) or script';
COMMENT ON COLUMN pgmig.run.pid IS 'process id of the backend';

CREATE TABLE pgmig.run_step (
    run              bigint NOT NULL,
    step             integer NOT NULL,
    revision         text COLLATE pg_catalog."C" NOT NULL,
    direction        text NOT NULL,
    statements_done  integer NOT NULL,
    statements_total integer NOT NULL,
    duration         interval,
    rows             bigint,
    wal_bytes        bigint,
    outcome          text NOT NULL DEFAULT 'done',
    sqlstate         text,
    message          text,
    statement        integer,
    line             integer,
    CONSTRAINT run_step_pkey PRIMARY KEY (run, step),
    CONSTRAINT run_step_direction_check CHECK (direction OPERATOR(pg_catalog.=) ANY ('{upgrade,downgrade,stamp}'::text[])),
    CONSTRAINT run_step_outcome_check CHECK (outcome OPERATOR(pg_catalog.=) ANY ('{running,done,failed,interrupted}'::text[]))
);
COMMENT ON TABLE pgmig.run_step IS 'one row per revision of a run, in the order in which they ran';
COMMENT ON COLUMN pgmig.run_step.run IS 'the run';
COMMENT ON COLUMN pgmig.run_step.step IS 'number of the step in the run, from 1';
COMMENT ON COLUMN pgmig.run_step.revision IS 'the revision';
COMMENT ON COLUMN pgmig.run_step.direction IS 'upgrade, downgrade or stamp';
COMMENT ON COLUMN pgmig.run_step.statements_done IS 'statements that have run';
COMMENT ON COLUMN pgmig.run_step.statements_total IS 'statements of the body';
COMMENT ON COLUMN pgmig.run_step.duration IS 'time that the body took; null in a script';
COMMENT ON COLUMN pgmig.run_step.outcome IS 'running, done, failed or interrupted';
COMMENT ON COLUMN pgmig.run_step.sqlstate IS 'SQLSTATE of a failed step';
COMMENT ON COLUMN pgmig.run_step.message IS 'message of a failed step';
COMMENT ON COLUMN pgmig.run_step.statement IS 'number of the statement that failed or runs, from 1';
COMMENT ON COLUMN pgmig.run_step.line IS 'line of the body on which it starts, from 1';
COMMENT ON COLUMN pgmig.run_step.rows IS 'rows inserted, updated, deleted, merged or selected by the statements';
COMMENT ON COLUMN pgmig.run_step.wal_bytes IS 'bytes of WAL written by the statements';

CREATE TABLE pgmig.run_message (
    run       bigint NOT NULL,
    ordinal   integer NOT NULL,
    logged_at timestamptz NOT NULL,
    severity  text NOT NULL,
    sqlstate  text NOT NULL,
    message   text NOT NULL,
    detail    text,
    hint      text,
    context   text,
    CONSTRAINT run_message_pkey PRIMARY KEY (run, ordinal)
);
COMMENT ON TABLE pgmig.run_message IS 'what stepwise runs reported: the error, and all messages of a run in the background';
COMMENT ON COLUMN pgmig.run_message.run IS 'the run';
COMMENT ON COLUMN pgmig.run_message.ordinal IS 'order of the messages of the run, from 1';
COMMENT ON COLUMN pgmig.run_message.logged_at IS 'when it was reported';
COMMENT ON COLUMN pgmig.run_message.severity IS 'NOTICE, WARNING, ERROR and so on';
COMMENT ON COLUMN pgmig.run_message.sqlstate IS 'its SQLSTATE';
COMMENT ON COLUMN pgmig.run_message.message IS 'the message';
COMMENT ON COLUMN pgmig.run_message.detail IS 'its detail';
COMMENT ON COLUMN pgmig.run_message.hint IS 'its hint';
COMMENT ON COLUMN pgmig.run_message.context IS 'its context';

CREATE TABLE pgmig.unfinished (
    scope     text COLLATE pg_catalog."C" NOT NULL DEFAULT '',
    revision  text COLLATE pg_catalog."C" NOT NULL,
    direction text NOT NULL,
    run       bigint NOT NULL,
    done      text[] COLLATE pg_catalog."C" NOT NULL DEFAULT '{}',
    started   boolean NOT NULL DEFAULT false,
    settings  text[] NOT NULL DEFAULT '{}',
    since     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    left_by   text,
    CONSTRAINT unfinished_pkey PRIMARY KEY (scope),
    CONSTRAINT unfinished_direction_check CHECK (direction OPERATOR(pg_catalog.=) ANY ('{upgrade,downgrade}'::text[]))
);
COMMENT ON TABLE pgmig.unfinished IS 'the revision, in each scope, of whose no-transaction section some statements have run and others have not';
COMMENT ON COLUMN pgmig.unfinished.scope IS 'value of pgmig.scope';
COMMENT ON COLUMN pgmig.unfinished.revision IS 'the revision';
COMMENT ON COLUMN pgmig.unfinished.direction IS 'upgrade or downgrade';
COMMENT ON COLUMN pgmig.unfinished.run IS 'the run that last worked on it';
COMMENT ON COLUMN pgmig.unfinished.done IS 'checksums of the statements that are done, in their order';
COMMENT ON COLUMN pgmig.unfinished.started IS 'the next statement has been started outside of a transaction';
COMMENT ON COLUMN pgmig.unfinished.settings IS 'settings that these statements have changed: name=value, or the name of one that was reset';
COMMENT ON COLUMN pgmig.unfinished.since IS 'when the first statement was started';
COMMENT ON COLUMN pgmig.unfinished.left_by IS 'a statement that did not finish and may have left something, such as an invalid index';

CREATE TABLE pgmig.applied (
    scope      text COLLATE pg_catalog."C" NOT NULL DEFAULT '',
    revision   text COLLATE pg_catalog."C" NOT NULL,
    run        bigint NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    checksum   text COLLATE pg_catalog."C" NOT NULL,
    CONSTRAINT applied_pkey PRIMARY KEY (revision, scope)
);
COMMENT ON TABLE pgmig.applied IS 'what is applied now, in each scope; closed under parents and dependencies';
COMMENT ON COLUMN pgmig.applied.revision IS 'the revision';
COMMENT ON COLUMN pgmig.applied.applied_at IS 'when it was applied';
COMMENT ON COLUMN pgmig.applied.scope IS 'value of pgmig.scope when the revision was applied';
COMMENT ON COLUMN pgmig.applied.run IS 'run that applied it';
COMMENT ON COLUMN pgmig.applied.checksum IS 'upgrade_checksum of the body that was applied';

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

COMMENT ON INDEX pgmig.revision_head_idx IS 'heads of the graph, found without a scan';
COMMENT ON INDEX pgmig.run_scope_idx IS 'the last run of a scope';
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

-- Dump and restore carry graph, bodies, state and log.
SELECT pg_catalog.pg_extension_config_dump('pgmig.revision', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.revision_parent', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.revision_dependency', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.branch_label', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.run_run_seq', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.run', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.run_step', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.run_message', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.unfinished', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.applied', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.guard', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.guard_log_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('pgmig.guard_log', '');

--
-- Triggers that keep the catalogue sound, direct SQL included
--

CREATE FUNCTION pgmig_trigger_edges() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_edges() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_edges() IS 'trigger: no cycle, applied set closed, has_children up to date';

CREATE FUNCTION pgmig_trigger_applied() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_applied() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_applied() IS 'trigger: applied set closed under parents and dependencies, checksums right';

CREATE FUNCTION pgmig_trigger_name() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_name() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_name() IS 'trigger: no branch label is the id of a revision';

CREATE FUNCTION pgmig_trigger_references() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_references() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_references() IS 'trigger: what others need is not deleted, what belongs to it goes along';

CREATE FUNCTION pgmig_trigger_checksum() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_checksum() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_checksum() IS 'trigger: the upgrade of an applied revision stays as it is';

CREATE FUNCTION pgmig_trigger_guard() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_guard() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_guard() IS 'trigger: refuses changes of the catalogue by a migration body';

CREATE FUNCTION pgmig_trigger_changed() RETURNS trigger
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_trigger_changed() FROM PUBLIC;
COMMENT ON FUNCTION pgmig_trigger_changed() IS 'trigger: lets every session look anew at what it knows of the catalogue';

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.revision
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.revision_parent
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.revision_dependency
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.branch_label
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.run
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.run_step
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.run_message
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.unfinished
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.applied
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.guard
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmig.guard_log
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_guard();

ALTER TABLE pgmig.revision ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.revision_parent ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.revision_dependency ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.branch_label ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.run ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.run_step ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.run_message ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.unfinished ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.applied ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.guard ENABLE ALWAYS TRIGGER guard;
ALTER TABLE pgmig.guard_log ENABLE ALWAYS TRIGGER guard;

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

CREATE TRIGGER edges_insert AFTER INSERT ON pgmig.revision_parent
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TRIGGER edges_update AFTER UPDATE ON pgmig.revision_parent
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TRIGGER edges_delete AFTER DELETE ON pgmig.revision_parent
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TRIGGER edges_truncate AFTER TRUNCATE ON pgmig.revision_parent
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TRIGGER edges_insert AFTER INSERT ON pgmig.revision_dependency
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TRIGGER edges_update AFTER UPDATE ON pgmig.revision_dependency
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_edges();
CREATE TRIGGER name_insert AFTER INSERT ON pgmig.revision
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_name();
CREATE TRIGGER name_update AFTER UPDATE OF revision ON pgmig.revision
    FOR EACH ROW WHEN (OLD.revision OPERATOR(pg_catalog.<>) NEW.revision) EXECUTE FUNCTION pgmig_trigger_name();
CREATE TRIGGER name_write AFTER INSERT OR UPDATE ON pgmig.branch_label
    FOR EACH ROW EXECUTE FUNCTION pgmig_trigger_name();
CREATE TRIGGER references_delete AFTER DELETE ON pgmig.revision
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_references();
CREATE TRIGGER references_truncate AFTER TRUNCATE ON pgmig.revision
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_references();
CREATE TRIGGER references_delete AFTER DELETE ON pgmig.run
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_references();
CREATE TRIGGER references_truncate AFTER TRUNCATE ON pgmig.run
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_references();
CREATE TRIGGER checksum_update AFTER UPDATE OF upgrade_checksum ON pgmig.revision
    FOR EACH ROW WHEN (OLD.upgrade_checksum OPERATOR(pg_catalog.<>) NEW.upgrade_checksum) EXECUTE FUNCTION pgmig_trigger_checksum();
CREATE TRIGGER applied_insert AFTER INSERT ON pgmig.applied
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_applied();
CREATE TRIGGER applied_update AFTER UPDATE ON pgmig.applied
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_applied();
CREATE TRIGGER applied_delete AFTER DELETE ON pgmig.applied
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pgmig_trigger_applied();

COMMENT ON TRIGGER guard ON pgmig.revision IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.revision_parent IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.revision_dependency IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.branch_label IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.run IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.run_step IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.run_message IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.unfinished IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.applied IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.guard IS 'refuses changes by a migration body';
COMMENT ON TRIGGER guard ON pgmig.guard_log IS 'refuses changes by a migration body';
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
COMMENT ON TRIGGER edges_insert ON pgmig.revision_parent IS 'no cycle, applied set closed, has_children up to date';
COMMENT ON TRIGGER edges_update ON pgmig.revision_parent IS 'no cycle, applied set closed, has_children up to date';
COMMENT ON TRIGGER edges_delete ON pgmig.revision_parent IS 'no cycle, applied set closed, has_children up to date';
COMMENT ON TRIGGER edges_truncate ON pgmig.revision_parent IS 'no cycle, applied set closed, has_children up to date';
COMMENT ON TRIGGER edges_insert ON pgmig.revision_dependency IS 'no cycle, applied set closed, has_children up to date';
COMMENT ON TRIGGER edges_update ON pgmig.revision_dependency IS 'no cycle, applied set closed, has_children up to date';
COMMENT ON TRIGGER name_insert ON pgmig.revision IS 'no branch label is the id of a revision';
COMMENT ON TRIGGER name_update ON pgmig.revision IS 'no branch label is the id of a revision';
COMMENT ON TRIGGER name_write ON pgmig.branch_label IS 'no branch label is the id of a revision';
COMMENT ON TRIGGER references_delete ON pgmig.revision IS 'nothing refers to what is gone';
COMMENT ON TRIGGER references_truncate ON pgmig.revision IS 'nothing refers to what is gone';
COMMENT ON TRIGGER references_delete ON pgmig.run IS 'nothing refers to what is gone';
COMMENT ON TRIGGER references_truncate ON pgmig.run IS 'nothing refers to what is gone';
COMMENT ON TRIGGER checksum_update ON pgmig.revision IS 'the upgrade of an applied revision stays as it is';
COMMENT ON TRIGGER applied_insert ON pgmig.applied IS 'applied set closed, checksums right';
COMMENT ON TRIGGER applied_update ON pgmig.applied IS 'applied set closed, checksums right';
COMMENT ON TRIGGER applied_delete ON pgmig.applied IS 'applied set closed, checksums right';

--
-- Revisions, in and out
--

CREATE FUNCTION pgmig_load(directory text, OUT revision text, OUT action text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_load(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_load(text) IS 'load the revision documents of a directory on the server; a relative path is under SHAREDIR/pgmig; returns what was added or replaced';

CREATE FUNCTION pgmig_import(document text, source text DEFAULT NULL, OUT revision text, OUT action text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_import(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_import(text, text) IS 'load the revisions of a document, whose name in messages is source; returns what was added or replaced';

CREATE FUNCTION pgmig_export(range text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_export(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_export(text) IS 'revisions as a document, in load order; all of them, or those of a range';

CREATE FUNCTION pgmig_revision(
    message       text,
    rev_id        text DEFAULT NULL,
    head          text DEFAULT 'head',
    splice        boolean DEFAULT false,
    branch_label  text DEFAULT NULL,
    depends_on    text[] DEFAULT NULL,
    upgrade       text DEFAULT '',
    downgrade     text DEFAULT '',
    transactional boolean DEFAULT true) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_revision(text, text, text, boolean, text, text[], text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_revision(text, text, text, boolean, text, text[], text, text, boolean) IS 'make a new revision on top of head, with splice below a head, too, and return its document; downgrade NULL makes it irreversible, transactional false marks its sections no-transaction';

CREATE FUNCTION pgmig_merge(
    revisions    text[] DEFAULT '{heads}',
    message      text DEFAULT NULL,
    branch_label text DEFAULT NULL,
    rev_id       text DEFAULT NULL,
    splice       boolean DEFAULT false) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_merge(text[], text, text, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_merge(text[], text, text, text, boolean) IS 'make a revision whose parents are the given ones, by default all heads, and return its document';

CREATE FUNCTION pgmig_edit(revision text, upgrade text DEFAULT NULL, downgrade text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_edit(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_edit(text, text, text) IS 'replace bodies of a revision, the upgrade only if it is not applied, and return its document; NULL keeps a body';

CREATE FUNCTION pgmig_remove(revision text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_remove(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_remove(text) IS 'remove a revision that is not applied and that no other needs; returns its document';

--
-- Runs
--

CREATE FUNCTION pgmig_upgrade(target text DEFAULT 'head', tag text DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_upgrade(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_upgrade(text, text) IS 'upgrade to the target (head, heads, a revision or the start of its id, +N, label@head) in the transaction of the caller; tag goes to the log; returns the revisions in the order in which they ran';

CREATE FUNCTION pgmig_upgrade(targets text[], tag text DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME', 'pgmig_upgrade_several' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_upgrade(text[], text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_upgrade(text[], text) IS 'upgrade to several targets in the transaction of the caller; returns the revisions in the order in which they ran';

CREATE FUNCTION pgmig_downgrade(target text, tag text DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_downgrade(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_downgrade(text, text) IS 'downgrade to the target (base, a revision or the start of its id, -N, label@base) in the transaction of the caller; tag goes to the log; returns the revisions in the order in which they ran';

CREATE FUNCTION pgmig_stamp(target text, purge boolean DEFAULT false, tag text DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_stamp(text, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_stamp(text, boolean, text) IS 'say what is applied without running any body; purge forgets first what was; returns the current revisions afterwards';

CREATE FUNCTION pgmig_stamp(targets text[], purge boolean DEFAULT false, tag text DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME', 'pgmig_stamp_several' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_stamp(text[], boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_stamp(text[], boolean, text) IS 'say what is applied, up to several targets, without running any body; purge forgets first what was; returns the current revisions afterwards';

CREATE PROCEDURE pgmig_upgrade_stepwise(target text DEFAULT 'head', tag text DEFAULT NULL)
AS 'MODULE_PATHNAME' LANGUAGE C;
REVOKE ALL ON PROCEDURE pgmig_upgrade_stepwise(text, text) FROM PUBLIC;
COMMENT ON PROCEDURE pgmig_upgrade_stepwise(text, text) IS 'upgrade to the target, a transaction a revision, with CREATE INDEX CONCURRENTLY and the like; to be called outside of a transaction block; goes on where an interrupted run stopped';

CREATE PROCEDURE pgmig_downgrade_stepwise(target text, tag text DEFAULT NULL)
AS 'MODULE_PATHNAME' LANGUAGE C;
REVOKE ALL ON PROCEDURE pgmig_downgrade_stepwise(text, text) FROM PUBLIC;
COMMENT ON PROCEDURE pgmig_downgrade_stepwise(text, text) IS 'downgrade to the target, a transaction a revision; to be called outside of a transaction block; goes on where an interrupted run stopped';

CREATE FUNCTION pgmig_resolve(revision text, resolution text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_resolve(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_resolve(text, text) IS 'say of a half-done revision that its next statement is done, is to run again, or to forget that the revision is half-done; returns what comes next';

CREATE FUNCTION pgmig_start(target text DEFAULT 'head', direction text DEFAULT 'upgrade', tag text DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_start(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_start(text, text, text) IS 'start a stepwise run in the background, as the caller; returns the number of the run';

CREATE PROCEDURE pgmig_wait(run bigint, timeout interval DEFAULT NULL, INOUT outcome text DEFAULT NULL)
AS 'MODULE_PATHNAME' LANGUAGE C;
REVOKE ALL ON PROCEDURE pgmig_wait(bigint, interval, text) FROM PUBLIC;
COMMENT ON PROCEDURE pgmig_wait(bigint, interval, text) IS 'wait for a run of pgmig_start; reports its messages and its error; outcome is done, or running if the time is over';

CREATE FUNCTION pgmig_cancel(run bigint) RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_cancel(bigint) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_cancel(bigint) IS 'cancel what a stepwise run is doing, as pg_cancel_backend() does; false if it does not run';

--
-- What would run
--

CREATE FUNCTION pgmig_plan(
    target    text DEFAULT 'head',
    direction text DEFAULT 'upgrade',
    OUT step integer, OUT direction text, OUT revision text, OUT message text,
    OUT transactional boolean, OUT statements integer) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_plan(text, text) IS 'the steps that an upgrade to the target, or with direction downgrade a downgrade, would take now; runs nothing';

CREATE FUNCTION pgmig_upgrade_sql(range text DEFAULT 'head') RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_upgrade_sql(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_upgrade_sql(text) IS 'an upgrade as a script for psql; without a start, from where this database stands';

CREATE FUNCTION pgmig_downgrade_sql(range text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_downgrade_sql(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_downgrade_sql(text) IS 'a downgrade as a script for psql; without a start, from where this database stands';

CREATE FUNCTION pgmig_stamp_sql(range text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_stamp_sql(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_stamp_sql(text) IS 'a stamp as a script for psql; without a start, from where this database stands';

--
-- What there is
--

CREATE FUNCTION pgmig_current(
    check_heads boolean DEFAULT false,
    OUT revision text, OUT labels text[], OUT message text, OUT is_head boolean,
    OUT applied_at timestamptz) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_current(boolean) IS 'the revisions at which the database stands; with check_heads, an error unless everything is applied';

CREATE FUNCTION pgmig_require(revision text) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_require(text) IS 'error unless the revision (an id or the start of one, a label, heads) is applied; for applications, at the start of a connection';

CREATE FUNCTION pgmig_is_at_head() RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_is_at_head() IS 'true if every revision is applied and none is half-done; true if there is none';

CREATE FUNCTION pgmig_heads(
    resolve_dependencies boolean DEFAULT false,
    OUT revision text, OUT labels text[], OUT message text,
    OUT applied_at timestamptz) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_heads(boolean) IS 'revisions without children; with resolve_dependencies, those on which nothing depends either';

CREATE FUNCTION pgmig_branches(
    OUT revision text, OUT labels text[], OUT message text, OUT children text[]) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_branches() IS 'revisions with several children';

CREATE FUNCTION pgmig_history(
    range text DEFAULT NULL,
    OUT revision text, OUT parents text[], OUT depends_on text[], OUT labels text[],
    OUT message text, OUT is_head boolean, OUT is_branch_point boolean,
    OUT is_merge_point boolean, OUT is_current boolean, OUT applied_at timestamptz) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_history(text) IS 'revisions of a range start:end, of which either may be missing, newest first; by default all';

CREATE FUNCTION pgmig_show(
    revision text DEFAULT 'heads',
    OUT revision text, OUT parents text[], OUT depends_on text[], OUT children text[],
    OUT labels text[], OUT message text, OUT long_message text, OUT created_at timestamptz,
    OUT upgrade text, OUT downgrade text, OUT upgrade_transactional boolean,
    OUT downgrade_transactional boolean, OUT upgrade_checksum text, OUT source text, OUT loaded_by text,
    OUT loaded_at timestamptz, OUT applied_at timestamptz) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_show(text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_show(text) IS 'everything about the revisions that the target names, SQL and dates included; current is a target, too';

CREATE FUNCTION pgmig_log(
    OUT run bigint, OUT operation text, OUT revision text, OUT direction text,
    OUT outcome text, OUT started_at timestamptz, OUT duration interval,
    OUT rows bigint, OUT wal_bytes bigint, OUT role text, OUT application text,
    OUT tag text, OUT error text) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000;
COMMENT ON FUNCTION pgmig_log() IS 'steps of all runs in this scope, newest first';

CREATE FUNCTION pgmig_status(
    OUT scope text, OUT current text[], OUT heads text[], OUT applied bigint,
    OUT pending bigint, OUT last_run bigint, OUT last_run_at timestamptz,
    OUT runner_pid integer, OUT interrupted_revision text,
    OUT interrupted_direction text, OUT interrupted_statement integer,
    OUT interrupted_sql text, OUT interrupted_since timestamptz,
    OUT interrupted_reason text) RETURNS record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgmig_status() IS 'in one row: what is current, how much is not applied, who runs now, and what was interrupted';

CREATE FUNCTION pgmig_progress(
    OUT run bigint, OUT pid integer, OUT operation text, OUT revision text,
    OUT step integer, OUT steps integer, OUT statement integer,
    OUT statements integer, OUT sql text, OUT started_at timestamptz,
    OUT elapsed interval, OUT wait_event_type text, OUT wait_event text,
    OUT blocked_by integer[], OUT blockers text, OUT phase text,
    OUT percent numeric) RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION pgmig_progress() IS 'what the run of this database is doing now; no row if there is none';

CREATE FUNCTION pgmig_graph(format text DEFAULT 'text') RETURNS SETOF text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000;
COMMENT ON FUNCTION pgmig_graph(text) IS 'the graph drawn as text, dot (Graphviz) or mermaid, a line a row';

CREATE FUNCTION pgmig_version() RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pgmig_version() IS 'version of the library that is loaded; the version of the functions and tables is that of the extension';

--
-- The schema: snapshots, fingerprints, differences
--

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

--
-- DDL from outside of runs
--

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

--
-- Privileges
--

CREATE FUNCTION pgmig_grant(role name, kind text) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_grant(name, text) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_grant(name, text) IS 'give a role what a reader (SELECT on the tables), an author (loads and changes revisions) or a runner (upgrades, downgrades, stamps) needs, or an administrator (all of these, and to grant them)';

CREATE FUNCTION pgmig_revoke(role name) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION pgmig_revoke(name) FROM PUBLIC;
COMMENT ON FUNCTION pgmig_revoke(name) IS 'take back from a role all that pgmig_grant() gives; what it has given others with pgmig_grant() stays';

-- A trusted extension belongs to the role that creates it, the objects in it to
-- a superuser.  The role may do all but change the objects, so that it can dump
-- and restore them, too.
SELECT pgmig_grant(r.rolname, 'administrator'::pg_catalog.text)
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) e.extowner
WHERE e.extname OPERATOR(pg_catalog.=) 'pgmig';
