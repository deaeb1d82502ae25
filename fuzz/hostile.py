"""Hostile SQL calls against a live server; called by scripts/test-fuzz.

Several sessions call the functions and procedures of pgmig at the same time,
with arguments and settings that nobody should use, while others cancel and
terminate them.  In each round they do so in a new database; in every fourth
one a superuser damages the tables of schema pgmig as well.

What must hold: no process crashes; no error is an internal one, but for what
the server says of itself and pgmig of damaged tables; the server does not warn of
anything that was left behind; after an error the session goes on; a session
that is idle holds no advisory lock; and after each round the reference history
goes up and down in a database of its own.

Needs a server that it may fill with databases (PGHOST and so on), and its log.
"""

import argparse
import collections
import os
import random
import re
import shutil
import sys
import threading
import time

import psycopg2
import psycopg2.extensions

HERE = os.path.dirname(os.path.abspath(__file__))
MIGRATIONS = os.path.join(HERE, "..", "migrations")

ROUND_SECONDS = 45
STATEMENT_SECONDS = 5
HANG_SECONDS = 60

# Errors of the server's own, which are internal by their SQLSTATE only, and
# come from statements that run at the same time.
SERVERS_OWN = re.compile(
    r"tuple concurrently (updated|deleted)|tuple already updated by self|cache lookup failed for"
    r"|could not (open|find) relation with OID|could not open extension|missing chunk number"
    r"|could not find tuple for|relation \d+ deleted while still in use"
    r"|(role|schema|database) with OID \d+ does not exist")

# What pgmig says of tables that a superuser has damaged.
DAMAGE_FOUND = re.compile(
    r"is not in the catalogue|revisions form a cycle|no revision uses|parents and children in the graph do not agree"
    r"|revision .* is not applied")

# In the server's log: %m [%p] %e %d
BAD_LOG = re.compile(
    r"^TRAP:|was terminated by signal (?!15|9)|runtime error:|AddressSanitizer"
    r"|WARNING:.*(you don't own a lock|leak|still active|still referenced|transaction left"
    r"|not closed|problem in alloc|detected write past|unexpected)"
    r"|PANIC:|server process .* exited with exit code [^01]")
INTERNAL_LOG = re.compile(r"\] XX\w{3} (\S+) .*?(?:ERROR|FATAL|PANIC):\s+(.*)")

IDS = ["a", "ab", "abc", "abcd", "abcde", "x1", "x2", "x3", "x4", "Ünï", "日本", "o'clock", '"q"', "semi;colon",
       "$1", "\\", "%s", "{a}", "a" * 255, "pgmig", "null", "--", "968b0dff6a9b"]
LABELS = ["shop", "sho", "billing", "Läbel", "l'abel"]

TEXTS = [None, "", " ", "\n", "\t\r\n", "'", "''", '"', "\\", "\\'", "$$", "$1", ";", "--", "/*", "*/", "%", "%s%n%d",
         "NULL", "true", "0", "-1", "a" * 63, "a" * 64, "a" * 256, "ä" * 40000, "x" * 300000, "\x01\x02\x7f", "\u202e",
         "\ufeff", "😀", "日本語", "e\u0301", "{", "{}", "{NULL}", "pg_catalog", "public", "../../etc", "/", "/dev/null",
         "/proc/self", "migrations", "text", "dot", "mermaid", "upgrade", "downgrade", "done", "run again", "forget",
         "reader", "author", "runner", "nobody_at_all", "1e400", "2147483648", "99999999999999999999"]
INTEGERS = ["NULL", "0", "1", "2", "3", "-1", "42", "2147483647", "9223372036854775807", "-9223372036854775808"]
INTERVALS = ["NULL", "'0'", "'1ms'", "'100 ms'", "'-1 s'", "'1 s'", "'178000000 years'", "'-178000000 years'",
             "'1 mon -30 days'"]

STATEMENTS = [
    "CREATE TABLE IF NOT EXISTS t1 (id int PRIMARY KEY, v text)", "DROP TABLE IF EXISTS t1 CASCADE",
    "CREATE TABLE t2 (id int)", "DROP TABLE t2", "INSERT INTO t1 SELECT n FROM generate_series(1, 50) n ON CONFLICT DO NOTHING",
    "UPDATE t1 SET v = 'x'", "TRUNCATE t1", "ALTER TABLE t1 ADD COLUMN IF NOT EXISTS w int", "LOCK TABLE t1",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS i1 ON t1 (v)", "CREATE INDEX CONCURRENTLY i2 ON t1 (v)",
    "CREATE UNIQUE INDEX CONCURRENTLY i3 ON t1 (v)", "DROP INDEX CONCURRENTLY IF EXISTS i1", "REINDEX INDEX CONCURRENTLY i1",
    "REINDEX TABLE CONCURRENTLY t1", "DROP INDEX CONCURRENTLY i2", "VACUUM t1", "VACUUM (ANALYZE)", "ANALYZE t1",
    "CREATE TYPE e1 AS ENUM ('a')", "ALTER TYPE e1 ADD VALUE IF NOT EXISTS 'b'", "DROP TYPE IF EXISTS e1",
    "SELECT 1/0", "SELECT pg_sleep(0.05)", "SELECT * FROM nothing", "SET search_path = pg_temp", "SET ROLE fuzz_member",
    "SET LOCAL ROLE fuzz_member", "RESET ALL", "SET lock_timeout = 1", "SET statement_timeout = 50", "DISCARD TEMP", "DISCARD ALL",
    "SET session_replication_role = replica", "CREATE TEMP TABLE tt (id int)", "DECLARE c1 CURSOR WITH HOLD FOR SELECT 1",
    "PREPARE p1 AS SELECT 1", "DEALLOCATE ALL", "LISTEN pgmig", "NOTIFY pgmig, 'x'", "UNLISTEN *",
    "SELECT pg_advisory_lock(1)", "SELECT pg_advisory_unlock_all()", "SELECT pgmig_upgrade()", "SELECT pgmig_import('')",
    "SELECT pgmig_status()", "DELETE FROM pgmig.applied", "DROP EXTENSION pgmig", "DROP SCHEMA IF EXISTS s1 CASCADE",
    "DO $d$ BEGIN UPDATE t1 SET v = 'y'; COMMIT; PERFORM 1/0; END $d$", "DO $d$ BEGIN FOR i IN 1..3 LOOP COMMIT; END LOOP; END $d$",
    "DO $d$ BEGIN RAISE EXCEPTION 'odd' USING ERRCODE = 'P0042', DETAIL = '%s', HINT = 'ä'; END $d$",
    "DO $d$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $d$",
    "SELECT pg_cancel_backend(pg_backend_pid())", "SELECT set_config('role', 'fuzz_member', false)",
    "CREATE TABLE t3 (id int REFERENCES t1 DEFERRABLE INITIALLY DEFERRED)", "SET CONSTRAINTS ALL DEFERRED", "COMMENT ON TABLE t1 IS 'x'",
    "COPY t1 TO '/dev/null'", "COPY t1 FROM STDIN", "COMMIT", "SAVEPOINT s", "EXPLAIN ANALYZE SELECT * FROM t1", "SELECT $1",
    "CREATE FUNCTION f1() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END", "CLUSTER t1", "CHECKPOINT", "LOAD 'plpgsql'",
    "ALTER DATABASE nothing SET TABLESPACE pg_default", "SELECT", "TABLE t1", "VALUES (1), (NULL)", "", ";", "\\d", "SELEC 1", "'"]

SETTINGS = {
    "pgmig.scope": ["''", "public", "s1", "'nothing'", "'pg_catalog'", "'pgmig'", "'pg_temp'", "'ä;\"'", "'" + "x" * 300 + "'"],
    'pgmig."concurrently"': ["on", "off"],
    "pgmig.lock_timeout": ["0", "1", "'100ms'", "2147483647"],
    "pgmig.lock_retries": ["0", "1", "2"],
    "pgmig.statement_timeout": ["0", "1", "'50ms'"],
    "pgmig.notify": ["on", "off"],
    "lock_timeout": ["0", "1", "'50ms'"],
    "statement_timeout": ["'5s'", "20", "'200ms'"],
    "idle_in_transaction_session_timeout": ["0", "'1s'"],
    "default_transaction_isolation": ["'read committed'", "'repeatable read'", "serializable"],
    "default_transaction_read_only": ["off", "off", "on"],
    "default_transaction_deferrable": ["on", "off"],
    "search_path": ["public", "''", "pg_temp", "s1, public", "pgmig, pg_catalog", "nothing", "'$user', public"],
    "session_replication_role": ["origin", "replica", "local"],
    "standard_conforming_strings": ["on", "off"],
    "backslash_quote": ["on", "off", "safe_encoding"],
    "escape_string_warning": ["on", "off"],
    "client_encoding": ["UTF8", "LATIN1", "SQL_ASCII"],
    "client_min_messages": ["debug5", "notice", "warning", "error"],
    "datestyle": ["'ISO, DMY'", "'SQL, MDY'", "'German'"],
    "intervalstyle": ["postgres", "iso_8601", "sql_standard"],
    "timezone": ["'UTC'", "'Asia/Kolkata'", "'-25'"],
    "work_mem": ["64", "'4MB'"],
    "row_security": ["on", "off"],
    "check_function_bodies": ["on", "off"],
    "xmloption": ["content", "document"],
    "bytea_output": ["hex", "escape"],
    "quote_all_identifiers": ["on", "off"],
    "transform_null_equals": ["on", "off"],
    "array_nulls": ["on", "off"],
    "enable_seqscan": ["on", "off"],
    "enable_indexscan": ["on", "off"],
    "plan_cache_mode": ["auto", "force_generic_plan", "force_custom_plan"],
    "jit": ["on", "off"],
    "force_parallel_mode": ["on", "off"],
    "role": ["none", "fuzz_reader", "fuzz_author", "fuzz_runner", "fuzz_member"],
    "temp_buffers": ["100", "800"],
    "max_stack_depth": ["100", "'2MB'"],
    "application_name": ["''", "'pgmig'", "'ä''\"'"],
    "commit_delay": ["0"],
    "lc_messages": ["'C'"],
    "extra_float_digits": ["-15", "3"],
    "default_tablespace": ["''", "'nothing'"],
    "default_table_access_method": ["heap"],
    "allow_system_table_mods": ["off", "on"],
    "debug_discard_caches": ["0"] * 9 + ["1"],
}

DAMAGE = [
    "DELETE FROM pgmig.revision WHERE random() < 0.1", "DELETE FROM pgmig.revision_parent WHERE random() < 0.1",
    "DELETE FROM pgmig.applied WHERE random() < 0.3", "UPDATE pgmig.revision SET upgrade = 'SELECT 1' WHERE random() < 0.1",
    "UPDATE pgmig.revision SET upgrade_checksum = repeat('0', 64) WHERE random() < 0.1",
    "UPDATE pgmig.revision SET upgrade = upgrade || E'\\n''', message = E'two\\nlines' WHERE random() < 0.05",
    "UPDATE pgmig.revision SET load_order = -load_order WHERE random() < 0.3",
    "UPDATE pgmig.revision SET has_children = NOT has_children WHERE random() < 0.3",
    "UPDATE pgmig.revision SET upgrade_statements = 99, upgrade_transactional = NOT upgrade_transactional WHERE random() < 0.3",
    "INSERT INTO pgmig.revision_parent SELECT a.revision, 77, b.revision FROM pgmig.revision a, pgmig.revision b ORDER BY random() LIMIT 1",
    "INSERT INTO pgmig.revision_dependency SELECT a.revision, 77, b.revision, b.revision FROM pgmig.revision a, pgmig.revision b ORDER BY random() LIMIT 1",
    "INSERT INTO pgmig.branch_label SELECT revision, 78, revision FROM pgmig.revision ORDER BY random() LIMIT 1",
    "UPDATE pgmig.branch_label SET revision = 'nothing'", "UPDATE pgmig.run_step SET outcome = NULL, statements_done = 99",
    "UPDATE pgmig.unfinished SET statements_done = 99", "DELETE FROM pgmig.unfinished", "DELETE FROM pgmig.run WHERE random() < 0.3",
    "UPDATE pgmig.unfinished SET settings = NULL", "TRUNCATE pgmig.run_message", "ALTER SEQUENCE pgmig.run_run_seq RESTART 1",
    "TRUNCATE pgmig.applied", "UPDATE pgmig.applied SET scope = 's1' WHERE random() < 0.2",
]


class Failure(Exception):
    """Something that must hold does not."""


def literal(text):
    """A literal that means the same with any setting."""
    if text is None:
        return "NULL"
    if "\\" in text:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


class Generator:
    """Random SQL, from one seed."""

    def __init__(self, seed, signatures, files):
        self.random = random.Random(seed)
        self.signatures = signatures
        self.files = files

    def pick(self, items):
        return self.random.choice(items)

    def chance(self, probability):
        return self.random.random() < probability

    def name(self):
        return self.pick(IDS + LABELS + ["head", "heads", "base", "current"])

    def target(self):
        kind = self.random.randrange(12)
        if kind == 0:
            return self.target() + ":" + self.target()
        if kind == 1:
            return self.pick(IDS + LABELS) + "@" + self.pick(["head", "heads", "base", "+1", "-1", self.pick(IDS)])
        if kind == 2:
            return self.pick(["+", "-"]) + str(self.pick([0, 1, 2, 3, 99, 2 ** 31, 10 ** 30]))
        if kind == 3:
            return self.pick(IDS) + self.pick(["+", "-"]) + str(self.random.randrange(4))
        if kind == 4:
            return self.mutate(self.target())
        if kind == 5:
            return self.pick(IDS)[:self.random.randrange(1, 5)]
        return self.pick(["head", "heads", "heads", "base", "base", self.pick(IDS), self.pick(LABELS)])

    def mutate(self, text):
        """A few changes; never a null byte, which no session can send."""
        for _ in range(self.random.randrange(1, 4)):
            start = self.random.randrange(len(text) + 1)
            end = min(len(text), start + self.random.randrange(1 + self.pick([1, 8, 200])))
            new = self.pick(["", text[start:end] * 2, self.pick(TEXTS[:30]) or "", chr(self.random.randrange(1, 0xD7FF)), "\n",
                             text[-20:], "-- pgmig: upgrade\n", "-- Revision ID: a\n"])
            text = text[:start] + new[:5000] + text[end:]
        return text

    def body(self):
        return ";\n".join(self.pick(STATEMENTS) for _ in range(self.random.randrange(4)))

    def document(self):
        kind = self.random.randrange(8)
        if kind == 0:
            return self.mutate(self.pick(self.files))
        if kind == 1:
            return "\n\n".join(self.document() for _ in range(self.random.randrange(1, 4)))
        keys = ["-- " + self.pick(["m", "message", "ä", "Revises"]), "-- Revision ID: " + self.pick(IDS)]
        if self.chance(0.7):
            keys.append("-- Revises: " + ", ".join(self.pick(IDS) for _ in range(self.pick([0, 1, 1, 1, 2]))))
        if self.chance(0.2):
            keys.append("-- Branch Labels: " + self.pick(LABELS))
        if self.chance(0.2):
            keys.append("-- Depends On: " + self.pick(IDS + LABELS))
        if self.chance(0.1):
            keys.append("-- Create Date: " + self.pick(["2025-01-01", "0001-01-01 BC", "294276-12-31 23:59:59+00", "x"]))
        mark = self.pick(["", "", " no-transaction"])
        text = "\n".join(keys) + "\n\n-- pgmig: upgrade" + mark + "\n" + self.body()
        if self.chance(0.8):
            text += "\n-- pgmig: downgrade" + mark + "\n" + self.body()
        return self.mutate(text) if self.chance(0.1) else text

    def text(self, name):
        """An argument: mostly what the function expects, often not."""
        if self.chance(0.15):
            return literal(self.pick(TEXTS))
        if name == "document":
            return literal(self.document())
        if name in ("upgrade", "downgrade"):
            return literal(self.pick([None, self.body(), self.body()]))
        if name in ("target", "range", "revision", "head"):
            return literal(self.target())
        if name in ("rev_id", "branch_label"):
            return literal(self.pick([None, None, self.name()]))
        if name == "direction":
            return literal(self.pick(["upgrade", "downgrade", "downgrade", "x"]))
        if name == "resolution":
            return literal(self.pick(["done", "run again", "forget", "x"]))
        if name == "kind":
            return literal(self.pick(["reader", "author", "runner", "x"]))
        if name == "role":
            return self.pick(["'fuzz_reader'", "'fuzz_author'", "'fuzz_runner'", "'fuzz_member'", "'nothing'", "NULL"])
        if name == "directory":
            return literal(self.pick(["migrations", "/nothing", ""]))
        if name == "format":
            return literal(self.pick(["text", "dot", "mermaid"]))
        return literal(self.pick(TEXTS + [self.name()]))

    def argument(self, name, kind):
        if self.chance(0.03):
            return "NULL"
        if kind == "boolean":
            return self.pick(["true", "false", "NULL"])
        if kind == "bigint":
            return self.pick(INTEGERS + ["(SELECT max(run) FROM pgmig.run)"])
        if kind == "interval":
            return self.pick(INTERVALS) + "::interval"
        if kind == "text[]":
            items = [self.text("target") for _ in range(self.pick([0, 1, 1, 2, 3]))]
            return self.pick(["ARRAY[%s]::text[]" % ", ".join(items), "'{{a,b},{c,d}}'::text[]", "'[5:6]={a,b}'::text[]", "'{NULL}'::text[]",
                              "ARRAY[%s]::text[]" % ", ".join(items)])
        if kind == "name":
            return self.text("role") + "::name"
        return self.text(name) + "::text"

    def call(self):
        """A call, and whether it is one of a procedure."""
        name, procedure, arguments, required = self.pick(self.signatures)
        given = arguments[:self.random.randrange(required, len(arguments) + 1)]
        values = []
        named = False
        for argument, kind in given:
            named = named or (not procedure and self.chance(0.1))
            value = self.argument(argument, kind)
            values.append(f"{argument} => {value}" if named else value)
        schema = "" if self.chance(0.2) else "public."
        return f"{schema}{name}({', '.join(values)})", procedure

    def setting(self):
        name = self.pick(list(SETTINGS))
        if self.chance(0.1):
            return self.pick(["RESET ALL", "RESET ROLE", "DISCARD ALL", "DISCARD PLANS", f"RESET {name}"])
        return f"SET {self.pick(['', 'LOCAL ', 'SESSION '])}{name} = {self.pick(SETTINGS[name])}"

    def statement(self):
        kind = self.random.randrange(100)
        if kind < 10:
            return self.setting()
        if kind < 22:
            return self.pick([
                "BEGIN", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN READ ONLY",
                "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE", "COMMIT", "COMMIT", "ROLLBACK", "COMMIT AND CHAIN",
                "ROLLBACK AND CHAIN", "SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "PREPARE TRANSACTION 'fuzz'", "ROLLBACK PREPARED 'fuzz'",
                "SET CONSTRAINTS ALL DEFERRED", "SET TRANSACTION READ ONLY"])
        if kind < 28:
            return self.pick([text for text in STATEMENTS if text != "DROP EXTENSION pgmig"] + [
                "BEGIN; DROP EXTENSION pgmig; ROLLBACK", "BEGIN; ALTER EXTENSION pgmig SET SCHEMA s1; SELECT s1.pgmig_upgrade(); ROLLBACK",
                "FETCH ALL FROM c", "MOVE 1 IN c", "CLOSE c", "CLOSE ALL", "EXECUTE p", "DEALLOCATE ALL", "FETCH 1 FROM c",
                "SELECT * FROM pgmig.revision", "SELECT * FROM pgmig.run_step", "CREATE SCHEMA IF NOT EXISTS s1"])
        call, procedure = self.call()
        if procedure:
            return self.pick(["CALL {}"] * 8 + [
                "DO $do$ BEGIN CALL {}; END $do$", "CALL {}; SELECT 1", "SELECT 1; CALL {}",
                "DO $do$ BEGIN COMMIT; CALL {}; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', sqlerrm; END $do$"]).format(call)
        return self.pick(["SELECT * FROM {}"] * 6 + ["SELECT {}"] * 4 + [
            "DO $do$ BEGIN PERFORM {}; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', sqlerrm; END $do$",
            "DO $do$ BEGIN PERFORM {}; COMMIT; PERFORM {}; END $do$", "DO $do$ BEGIN PERFORM * FROM {}; ROLLBACK; END $do$",
            "DECLARE c CURSOR FOR SELECT * FROM {}", "DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM {}",
            "PREPARE p AS SELECT * FROM {}", "SELECT 1; SELECT {}; SELECT {}", "SELECT {} FROM generate_series(1, 3)",
            "SELECT * FROM {} LIMIT 1", "SELECT (SELECT count(*) FROM {}) FROM generate_series(1, 2)", "EXPLAIN ANALYZE SELECT * FROM {}",
            "CREATE TEMP TABLE IF NOT EXISTS fuzz AS SELECT * FROM {}", "SELECT * FROM {} f, {} g", "WITH w AS (SELECT {}) SELECT * FROM w, w v",
            "SELECT * FROM pg_class WHERE relname = (SELECT f::text FROM {} f LIMIT 1)", "SELECT {}, 1/0"]).replace("{}", call)


class Session(threading.Thread):
    """A session that sends one statement after the other."""

    def __init__(self, fuzz, number, seed, user):
        super().__init__(daemon=True)
        self.fuzz = fuzz
        self.number = number
        self.user = user
        self.generator = Generator(seed, fuzz.signatures, fuzz.files)
        self.script = open(os.path.join(fuzz.directory, f"session-{number}.sql"), "w", encoding="utf-8")
        self.connection = None
        self.pid = None
        self.since = None
        self.failure = None
        self.errors = collections.Counter()
        self.calls = 0

    def connect(self):
        for _ in range(100):
            try:
                self.connection = psycopg2.connect(dbname=self.fuzz.database, user=self.user, connect_timeout=30)
                break
            except psycopg2.OperationalError as error:
                if "starting up" not in str(error) and "recovery mode" not in str(error) and "too many" not in str(error):
                    raise
                time.sleep(0.1)
        self.connection.autocommit = True
        self.pid = self.connection.info.backend_pid
        self.script.write(f"\\connect - {self.user} -- process {self.pid}\n")

    def execute(self, sql):
        self.since = time.monotonic()
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            self.since = None
            del self.connection.notices[:]
            del self.connection.notifies[:]

    def step(self, sql):
        """Send a statement; whatever comes of it, the session can go on."""
        self.script.write(sql + ";\n")
        self.calls += 1
        try:
            self.execute(sql)
            self.errors["00000"] += 1
        except psycopg2.Error as error:
            self.errors[error.pgcode or "lost"] += 1
        except UnicodeError:
            self.errors["not shown"] += 1
        except ValueError:
            self.errors["not sent"] += 1
        if self.connection.closed == 0 and self.connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INERROR:
            if self.generator.chance(0.7):
                self.try_simple("ROLLBACK")
        if self.connection.closed == 0 and self.connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE:
            self.try_simple("SELECT 1")

    def try_simple(self, sql):
        """What must work unless the session was cancelled or terminated."""
        self.script.write(sql + ";\n")
        try:
            self.execute(sql)
        except psycopg2.Error as error:
            if self.connection.closed == 0 and error.pgcode not in ("57014", "57P01", "25P03", "25P02"):
                raise Failure(f"session {self.number}: {sql} after an error: {error.pgcode} {error}") from error

    def run(self):
        try:
            self.connect()
            while not self.fuzz.stopping:
                self.step(self.generator.statement())
                if self.connection.closed:
                    self.connect()
            if self.connection.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_IDLE:
                self.try_simple("ROLLBACK")
        except Failure as failure:
            self.failure = str(failure)
        except psycopg2.Error as error:
            self.failure = f"session {self.number}: {error}"
        self.script.flush()


class Fuzz:
    """The rounds."""

    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.log = open(options.log, encoding="utf-8", errors="replace")
        self.log.seek(0, os.SEEK_END)
        self.files = []
        for name in sorted(os.listdir(MIGRATIONS)):
            with open(os.path.join(MIGRATIONS, name), encoding="utf-8") as file:
                self.files.append(file.read())
        self.signatures = []
        self.database = None
        self.directory = None
        self.stopping = False
        self.damaged = False
        self.calls = 0
        self.rounds = 0
        self.errors = collections.Counter()

    def admin(self, database="postgres"):
        connection = psycopg2.connect(dbname=database)
        connection.autocommit = True
        return connection

    def query(self, connection, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def prepare(self):
        """A new database with the extension, roles and some revisions."""
        self.database = f"fuzz_{self.rounds}"
        with_roles = self.admin()
        self.query(with_roles, f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        self.query(with_roles, f"CREATE DATABASE {self.database} TEMPLATE template0")
        self.query(with_roles, f"ALTER DATABASE {self.database} SET statement_timeout = '{STATEMENT_SECONDS}s'")
        self.query(with_roles, f"ALTER DATABASE {self.database} SET pgmig.lock_retries = 1")
        with_roles.close()
        connection = self.admin(self.database)
        for role in ("reader", "author", "runner", "member"):
            if not self.query(connection, f"SELECT 1 FROM pg_roles WHERE rolname = 'fuzz_{role}'"):
                self.query(connection, f"CREATE ROLE fuzz_{role} LOGIN")
        self.query(connection, "GRANT fuzz_member TO fuzz_runner")
        self.query(connection, "GRANT CREATE ON SCHEMA public TO fuzz_runner, fuzz_author, fuzz_member")
        self.query(connection, "CREATE SCHEMA s1; GRANT ALL ON SCHEMA s1 TO fuzz_runner")
        self.query(connection, "CREATE EXTENSION pgmig")
        for role in ("reader", "author", "runner"):
            self.query(connection, f"SELECT pgmig_grant('fuzz_{role}', '{role}')")
        self.query(connection, "SELECT pgmig_grant('fuzz_runner', 'author')")
        self.signatures = self.read_signatures(connection)
        generator = Generator(self.random.random(), self.signatures, self.files)
        for number, name in enumerate(IDS):
            parent = IDS[self.random.randrange(number)] if number and self.random.random() < 0.8 else ""
            document = (f"-- m\n-- Revision ID: {name}\n-- Revises: {parent}\n\n-- pgmig: upgrade no-transaction\n"
                        f"{generator.body()}\n-- pgmig: downgrade no-transaction\n{generator.body()}")
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pgmig_import(%s)", (document,))
            except psycopg2.Error:
                pass
        connection.close()

    def read_signatures(self, connection):
        rows = self.query(connection, """
            SELECT p.proname, p.prokind = 'p', p.proargnames, coalesce(p.proargmodes::text[], '{}'), p.pronargdefaults,
                   ARRAY(SELECT format_type(t, NULL) FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) t)
              FROM pg_proc p WHERE p.proname LIKE 'pgmig\\_%' AND p.prorettype <> 'trigger'::regtype ORDER BY p.oid""")
        signatures = []
        for name, procedure, names, modes, defaults, types in rows:
            arguments = [(names[i], types[i]) for i in range(len(types)) if not modes or modes[i] in "ib"]
            signatures.append((name, procedure, arguments, len(arguments) - defaults))
        return signatures

    def disturb(self, connection, sessions, rng):
        """Cancel or terminate something, or damage the tables."""
        time.sleep(rng.random() * 0.2)
        kind = rng.random()
        try:
            if kind < 0.5:
                self.query(connection, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                           " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1")
            elif kind < 0.6:
                self.query(connection, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                           " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1")
            elif kind < 0.65:
                self.query(connection, "LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE NOWAIT; SELECT pg_sleep(0.3)")
            elif self.damaged and kind < 0.9:
                self.query(connection, "SET session_replication_role = "
                           + rng.choice(["replica", "origin"]) + "; SET lock_timeout = '1s'; " + rng.choice(DAMAGE))
        except psycopg2.Error:
            pass
        for session in sessions:
            since = session.since
            if since is not None and time.monotonic() - since > HANG_SECONDS:
                raise Failure(f"session {session.number} (process {session.pid}) does not end, though statement_timeout is"
                              f" {STATEMENT_SECONDS} s and it has been cancelled")

    def check_log(self):
        """The lines that the server has written since the last time."""
        for line in self.log.read().splitlines():
            if BAD_LOG.search(line):
                raise Failure(f"in the server's log: {line}")
            match = INTERNAL_LOG.search(line)
            if match and not SERVERS_OWN.search(match[2]) and not (
                    self.damaged and DAMAGE_FOUND.search(match[2])):
                raise Failure(f"internal error: {line}")

    def check_idle(self, connection):
        """Sessions that do nothing hold nothing that pgmig has taken."""
        rows = self.query(connection, "SELECT l.pid, l.classid, l.objid, l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                          " WHERE a.datname = current_database() AND a.state = 'idle' AND l.locktype = 'advisory'"
                          " AND NOT (l.classid = 0 AND l.objid = 1)")
        if rows:
            raise Failure(f"idle sessions hold advisory locks: {rows}")

    def wait_for_workers(self, connection):
        for _ in range(300):
            self.query(connection, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND backend_type <> 'client backend' AND backend_type NOT LIKE 'autovacuum%'")
            if not self.query(connection, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                              " AND backend_type LIKE 'pgmig%'"):
                return
            time.sleep(0.1)
        raise Failure("a worker does not end")

    def check_afterwards(self):
        """The reference history still goes up and down."""
        name = f"afterwards_{self.rounds}"
        connection = self.admin()
        self.query(connection, f"CREATE DATABASE {name} TEMPLATE template0")
        connection.close()
        connection = self.admin(name)
        try:
            self.query(connection, "CREATE EXTENSION pgmig; SELECT pgmig_load('migrations')")
            steps = len(self.query(connection, "SELECT pgmig_upgrade('heads')"))
            self.query(connection, "SELECT pgmig_downgrade('base')")
        except psycopg2.Error as error:
            raise Failure(f"the reference history in a new database: {error}") from error
        finally:
            connection.close()
        if steps != len(self.files):
            raise Failure(f"the reference history has {len(self.files)} revisions, {steps} were applied")
        connection = self.admin()
        self.query(connection, f"DROP DATABASE {name}")
        connection.close()

    def round(self, seconds):
        self.stopping = False
        self.damaged = self.rounds % 4 == 3
        self.directory = os.path.join(self.options.directory, f"round-{self.rounds}")
        os.makedirs(self.directory, exist_ok=True)
        self.prepare()
        users = ["postgres", "fuzz_runner", "fuzz_author", "postgres", "fuzz_runner", "fuzz_reader"]
        sessions = [Session(self, number, self.random.random(), users[number % len(users)]) for number in range(self.options.sessions)]
        connection = self.admin(self.database)
        self.query(connection, "SET statement_timeout = 0")
        try:
            for session in sessions:
                session.start()
            end = time.monotonic() + seconds
            rng = random.Random(self.random.random())
            while time.monotonic() < end and not any(session.failure for session in sessions):
                self.disturb(connection, sessions, rng)
                self.check_log()
            self.stopping = True
            for session in sessions:
                session.join(HANG_SECONDS)
                if session.is_alive():
                    raise Failure(f"session {session.number} (process {session.pid}) does not end")
            self.wait_for_workers(connection)
            self.check_idle(connection)
            for session in sessions:
                if session.failure:
                    raise Failure(session.failure)
        except psycopg2.OperationalError as error:
            time.sleep(1)
            self.check_log()
            raise Failure(f"the server is gone: {error}") from error
        finally:
            self.stopping = True
            for session in sessions:
                self.calls += session.calls
                self.errors.update(session.errors)
                session.script.flush()
                if session.connection is not None and not session.is_alive():
                    session.connection.close()
            connection.close()
        self.check_log()
        self.check_afterwards()
        self.check_log()
        self.drop()
        shutil.rmtree(self.directory)
        self.rounds += 1

    def drop(self):
        connection = self.admin()
        for (name,) in self.query(connection, "SELECT gid FROM pg_prepared_xacts"):
            prepared = self.admin(self.database)
            self.query(prepared, "ROLLBACK PREPARED " + literal(name))
            prepared.close()
        self.query(connection, f"DROP DATABASE {self.database} WITH (FORCE)")
        connection.close()

    def report(self):
        states = ", ".join(f"{state} {count}" for state, count in self.errors.most_common(12))
        print(f"{self.calls} statements in {self.rounds} rounds, seed {self.options.seed}: {states}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sessions", type=int, default=6)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--log", required=True, help="the server's log")
    parser.add_argument("--directory", required=True, help="for what the sessions send")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    fuzz = Fuzz(options)
    end = time.monotonic() + options.seconds
    status = 0
    try:
        while time.monotonic() < end:
            fuzz.round(min(ROUND_SECONDS, max(5, end - time.monotonic())))
    except Failure as failure:
        print(f"FAILED: {str(failure)[:1000]}")
        print(f"What the sessions sent, in this order: {fuzz.directory}; the server's log: {options.log}")
        status = 1
    fuzz.report()
    sys.exit(status)


main()
