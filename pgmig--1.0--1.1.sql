/* pgmig--1.0--1.1.sql */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION pgmig UPDATE TO '1.1'" to load this file. \quit

ALTER TABLE pgmig.unfinished ADD COLUMN left_by text;
COMMENT ON COLUMN pgmig.unfinished.left_by IS 'a statement that did not finish and may have left something, such as an invalid index';

CREATE FUNCTION pgmig_version() RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pgmig_version() IS 'version of the library that is loaded; the version of the functions and tables is that of the extension';

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
