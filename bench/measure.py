"""Measure migration tools side by side; called by bench/run.

Needs a server that it may fill with databases (PGHOST and so on).  Databases
are not dropped: deleting many files makes some file systems slow at creating
new ones, which would be charged to the next tool.  The server is deleted
afterwards anyway.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from statistics import median

import history
import tools
from tools import pgmig, psql

MEASUREMENTS = ("apply", "noop", "pending", "history", "plan", "snapshot", "verify", "record")
HERE = os.path.dirname(os.path.abspath(__file__))
PSQL = pgmig.PSQL

# What the tools have to agree on at the end: every table and column, every
# index, function and row count of the generated history.
DIGEST = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
  SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name ~ '^bench_'
  UNION ALL
  SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename ~ '^bench_'
  UNION ALL
  SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^bench_'
  UNION ALL
  SELECT relname || ' ' || (xpath('/row/n/text()',
           query_to_xml('SELECT count(*) AS n FROM ' || oid::regclass, false, true, '')))[1]::text
    FROM pg_class WHERE relname ~ '^bench_' AND relkind = 'r'
) AS all_lines (line)
"""

# Tables, columns, indexes and functions of the schema of schema.sql.
COUNTS = """
SELECT count(*) FILTER (WHERE relkind = 'r'), coalesce(sum(relnatts) FILTER (WHERE relkind = 'r'), 0),
    count(*) FILTER (WHERE relkind = 'i'),
    (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^f[0-9]')
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


def sql(database, text):
    return subprocess.run(
        [*PSQL, "-d", database, "-c", text], capture_output=True, text=True, check=True
    ).stdout.strip()


def table(title, header, rows):
    """Print an aligned table: the first column to the left, the rest to the right."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    print(f"\n{title}\n")
    for number, line in enumerate(lines):
        print("  ".join([line[0].ljust(widths[0])] +
                        [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    sys.stdout.flush()


def number(value):
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 if value >= 1 else 3}f}" if value < 10 else f"{value:.1f}"


def ratio(value):
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


class Failed(Exception):
    """A tool's command failed."""


class Bench:
    def __init__(self, arguments, directory):
        self.repeat = arguments.repeat
        self.small, self.large = (100, 500) if arguments.quick else (1000, 5000)
        self.sizes = (100, 1000) if arguments.quick else (100, 10000, 100000)
        self.tables = 200 if arguments.quick else 2000
        self.directory = directory
        self.postmaster = sql("postgres", "SELECT pg_read_file('postmaster.pid')").split()[0]
        time.sleep(0.5)
        self.idle = self.children()
        self.databases = 0
        self.ready = {}  # (tool, revisions, applied) to a database to copy
        self.missing = {}  # tool to a word
        self.versions = {t: t.version() for t in tools.ALL}
        self.wanted = []
        for tool, version in self.versions.items():
            if version is None:
                self.missing[tool] = "not available"

    def tools(self):
        return [t for t in tools.ALL if t not in self.missing]

    # --- Running commands ---------------------------------------------------

    def server_cpu(self):
        """Seconds of processor time of the server processes that have ended."""
        with open(f"/proc/{self.postmaster}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def children(self):
        """How many processes the server has."""
        with open(f"/proc/{self.postmaster}/task/{self.postmaster}/children", encoding="ascii") as f:
            return len(f.read().split())

    def settle(self):
        """Wait until no connection is left, so that all processor time is counted."""
        for _ in range(200):
            if self.children() <= self.idle:
                break
            time.sleep(0.025)

    def run(self, tool, database, argv):
        """Run a tool; seconds on the clock, and of client's and server's processor."""
        log = os.path.join(self.directory, "output")
        self.settle()
        before = self.server_cpu()
        with open(log, "wb") as out:
            start = time.perf_counter()
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env=dict(os.environ, **tool.environment(database)), cwd=self.directory,
            )
            try:
                _, status, usage = os.wait4(child.pid, 0)
            except BaseException:
                child.terminate()
                child.wait()
                raise
            seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            with open(log, encoding="utf-8", errors="replace") as f:
                lines = [line.strip() for line in f if line.strip()]
            raise Failed(" / ".join(lines[-3:])[:200] or f"exit status {child.returncode}")
        self.settle()
        return seconds, usage.ru_utime + usage.ru_stime + self.server_cpu() - before

    def failed(self, tool, error):
        say(f"  {tool.name} failed: {error}")
        if isinstance(tool, pgmig.Pgmig):
            sys.exit(f"{tool.name} failed: {error}")
        self.missing[tool] = f"failed: {error}"

    def repeated(self, tool, database, argv, seconds=15):
        """Median seconds of a command that changes nothing."""
        times = []
        self.run(tool, database, argv)  # warm up
        while len(times) < 4 * self.repeat and (len(times) < 3 or sum(times) < seconds):
            times.append(self.run(tool, database, argv)[0])
        return median(times)

    def session(self, database, statements):
        """Run statements in one psql; their milliseconds, in order."""
        text = "\\o /dev/null\n\\timing on\n" + "".join(s + ";\n" for s in statements)
        out = subprocess.run(
            [*PSQL, "-d", database], input=text, capture_output=True, text=True, check=False
        )
        if out.returncode != 0:
            sys.exit(out.stderr)
        return [float(t) for t in re.findall(r"^Time: ([0-9.]+) ms", out.stdout, re.M)]

    # --- Histories and databases --------------------------------------------

    def files(self, tool, count):
        path = os.path.join(self.directory, type(tool).__name__, str(count))
        if not os.path.exists(path):
            os.makedirs(path)
            tool.write(path, history.realistic(count))
        return path

    def copy_database(self, template):
        self.databases += 1
        name = f"bench{self.databases}"
        sql("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def new_database(self, tool, count, applied=0):
        """A database in which so many of count revisions are applied."""
        key = (tool, count, applied)
        if key not in self.ready:
            path = self.files(tool, count)
            if applied == 0:
                self.ready[key] = self.copy_database("template1")
                tool.setup(path, self.ready[key])
            elif applied == count:
                database = self.new_database(tool, count)
                say(f"  preparing {tool.name}, {count} revisions applied")
                command = tool.upgrade if count == self.small else tool.stamp
                self.run(tool, database, command(path, database))
                self.ready[key] = database
            else:
                # The rest comes on top of what is applied.
                self.ready[key] = self.new_database(tool, applied, applied)
                tool.setup(path, self.ready[key])
        name = self.copy_database(self.ready[key])
        sql(name, "SELECT 1")  # the first connection fills a cache on disk
        sql("postgres", "CHECKPOINT")
        return name

    # --- What is measured ---------------------------------------------------

    def apply(self):
        """Apply the whole history to an empty database."""
        count = self.small
        times, digests = {}, {}
        for turn in range(self.repeat):
            order = self.tools()
            # psql and pgmig are compared most closely: three times as often.
            order = order[:2] + order[2:][turn:] + order[:2] + order[2:][:turn] + order[:2]
            if turn % 2:
                order.reverse()
            for tool in order:
                runs = times.setdefault(tool, [])
                if tool in self.missing or len(runs) >= 2 and runs[0][0] > 20:
                    continue
                try:
                    database = self.new_database(tool, count)
                    runs.append(self.run(tool, database, tool.upgrade(self.files(tool, count), database)))
                except Failed as error:
                    self.failed(tool, error)
                    continue
                say(f"  {turn + 1}/{self.repeat} {tool.name}: {runs[-1][0]:.2f} s")
                if tool not in digests:
                    digests[tool] = sql(database, DIGEST)
                    self.ready.setdefault((tool, count, count), database)
        baseline = tools.ALL[0]
        for tool in self.tools():
            if digests[tool] != digests[baseline]:
                self.failed(tool, "the schema or the rows are not those of psql")
        clock = {t: median(r[0] for r in times[t]) for t in self.tools()}
        cpu = {t: median(r[1] for r in times[t]) for t in self.tools()}
        rows = [
            [t.name, self.versions[t], t.transaction, str(len(times[t])), number(clock[t]),
             number(min(r[0] for r in times[t])), number(cpu[t]),
             ratio(clock[t] / clock[baseline]), ratio(cpu[t] / cpu[baseline])]
            for t in self.tools()
        ]
        table(
            f"Apply all: {count:,} revisions to an empty database",
            ["tool", "version", "transaction", "runs", "median s", "least s", "CPU s",
             "ratio", "CPU ratio"],
            rows,
        )
        # psql and pgmig ran right after each other: what disturbs one disturbs both.
        for what, i in (("clock", 0), ("CPU", 1)):
            pairs = [a[i] / b[i] for a, b in zip(times[tools.ALL[1]], times[baseline])]
            self.want(f"apply {count:,}: pgmig / psql, median of pairs, {what}", median(pairs), 1.02, ratio)

    def noop(self):
        """Everything is applied already."""
        counts = (self.small, self.large)
        results = {}
        for count in counts:
            start = self.repeated(tools.ALL[0], "postgres", [*PSQL, "-c", "SELECT 1"])
            results["psql -c 'SELECT 1', process", count] = start * 1000
            for tool in self.tools():
                if isinstance(tool, (psql.Psql, pgmig.PgmigScript)):
                    continue
                try:
                    database = self.new_database(tool, count, count)
                    path = self.files(tool, count)
                    took = self.repeated(tool, database, tool.upgrade(path, database))
                    results[tool.name + ", process", count] = took * 1000
                    if tool.name == "Alembic":
                        out = subprocess.run(
                            tool.in_process(path, 4), capture_output=True, text=True, check=True,
                            env=dict(os.environ, **tool.environment(database)),
                        ).stdout
                        results["Alembic, call in a running program", count] = median(
                            map(float, out.split()[1:])
                        )
                except Failed as error:
                    self.failed(tool, error)
                    continue
                if tool is tools.ALL[1]:
                    calls = self.session(database, ["SELECT pgmig_upgrade('head')"] * 200)
                    results["pgmig_upgrade(), first call of a session", count] = calls[0]
                    results["pgmig_upgrade(), call in an open session", count] = median(calls[1:])
                say(f"  {count}: {tool.name}: {took:.3f} s")
        ours = "pgmig_upgrade(), call in an open session"
        names = list(dict.fromkeys(name for name, _ in results))
        rows = []
        for name in names:
            cells = [name]
            for count in counts:
                value = results.get((name, count))
                cells += ["-", "-"] if value is None else [
                    number(value), ratio(value / results[ours, count])]
            rows.append(cells)
        header = [""]
        for count in counts:
            header += [f"{count:,}: ms", "ratio"]
        table("Nothing to do, by number of revisions: median milliseconds a call, ratio to pgmig's in "
              "an open session", header, rows)
        other = results.get(("Alembic, process", self.large))
        if other:
            self.want(f"nothing to do at {self.large:,}: Alembic's process / pgmig's call",
                      other / results[ours, self.large], 1000, ratio, least=True)

    def pending(self):
        """One revision is pending on top of many."""
        count = self.small
        results = {}
        for tool in self.tools():
            if isinstance(tool, (psql.PsqlEach, pgmig.PgmigScript)):
                continue
            times = []
            try:
                for _ in range(self.repeat):
                    database = self.new_database(tool, count + 1, count)
                    path = self.files(tool, count + 1)
                    if tool is tools.ALL[0]:  # psql does not know what is pending
                        path = os.path.join(self.directory, "last")
                        shutil.rmtree(path, ignore_errors=True)
                        tool.write(path, history.realistic(count + 1)[-1:])
                    times.append(self.run(tool, database, tool.upgrade(path, database))[0] * 1000)
            except Failed as error:
                self.failed(tool, error)
                continue
            results[tool.name + ", process"] = median(times)
            say(f"  {tool.name}: {median(times):.1f} ms")
        body = history.realistic(count + 1)[-1].upgrade.rstrip(";")
        database = self.new_database(tools.ALL[1], count + 1, count)
        for name, statement in (
            ("psql, the statement in an open session", body),
            ("pgmig_upgrade(), call in an open session", "SELECT pgmig_upgrade('head')"),
        ):
            calls = self.session(database, ["BEGIN", statement, "ROLLBACK"] * 50)
            results[name] = median(calls[4::3])
        baseline = results[tools.ALL[0].name + ", process"]
        table(f"One pending revision on top of {count:,}: median milliseconds, ratio to psql -1 -f of it",
              ["", "ms", "ratio"],
              [[name, number(value), ratio(value / baseline)] for name, value in results.items()])

    def history(self):
        """List all revisions."""
        count = self.small
        results = {}
        for tool in self.tools():
            if tool.history("", "") is None:
                continue
            try:
                database = self.new_database(tool, count, count)
                argv = tool.history(self.files(tool, count), database)
                results[tool.name] = self.repeated(tool, database, argv) * 1000
            except Failed as error:
                self.failed(tool, error)
        database = self.new_database(tools.ALL[1], count, count)
        calls = self.session(database, ["SELECT * FROM pgmig_history()"] * 20)
        baseline = results[tools.ALL[1].name]
        rows = [[n + ", process", number(v), ratio(v / baseline)] for n, v in results.items()]
        rows.append(["pgmig_history(), call in an open session", number(median(calls[1:])),
                     ratio(median(calls[1:]) / baseline)])
        table(f"History: list {count:,} revisions, median milliseconds, ratio to pgmig's process",
              ["", "ms", "ratio"], rows)

    def plan(self):
        """Plan over graphs of several sizes."""
        rows = []
        for kind, make in (("chain", history.empty_chain), ("graph", history.empty_graph)):
            for count in self.sizes:
                revisions = make(count)
                database = self.copy_database("template1")
                path = os.path.join(self.directory, f"{kind}{count}")
                tools.ALL[1].write(path, revisions)
                start = time.perf_counter()
                tools.ALL[1].setup(path, database)
                load = time.perf_counter() - start
                base, peak, own = self.plan_from_base(database, count)
                below = ",".join(revisions[-1].parents)
                call = "SELECT * FROM pgmig_plan('head')"
                self.session(database, [f"SELECT pgmig_stamp('{{{below}}}'::text[])"])
                one = self.session(database, [call] * 100)
                pending = sql(database, "SELECT count(*) FROM pgmig_plan('head')")
                if pending != "1":
                    sys.exit(f"{pending} steps instead of one are pending")
                stamp = self.session(
                    database, ["SELECT pgmig_stamp('base')", "SELECT pgmig_stamp('head')"])[1]
                none = self.session(database, [call] * 100)
                upgrade = self.session(database, ["SELECT pgmig_upgrade('head')"] * 100)
                rows.append([f"{kind} of {count:,}", number(load), number(stamp / 1000), number(base),
                             number(peak), number(own), number(one[0]), number(median(one[1:])), number(none[0]),
                             number(median(none[1:])), number(median(upgrade[1:]))])
                say(f"  {rows[-1]}")
                if count == self.sizes[-1]:
                    what = f"{kind} of {count:,}"
                    self.want(f"{what}: plan from base, ms", base, 1000, number)
                    self.want(f"{what}: peak memory of its own, MB", own, 200, number)
                    self.want(f"{what}: one pending, ms", median(one[1:]), 5, number)
                    self.want(f"{what}: nothing to do, ms", median(upgrade[1:]), 1, number)
        table("Planning: milliseconds where not said otherwise",
              ["", "load s", "stamp s", "from base", "peak MB", "own MB", "one pending: first", "further",
               "none: first", "further", "upgrade, none"], rows)

    def plan_from_base(self, database, count):
        """Median milliseconds, and MB: the backend's peak with and without shared memory."""
        memory = "SELECT regexp_matches(pg_read_file('/proc/self/status'), '{}:\\s*(\\d+)')"
        call = "SELECT count(*) FROM pgmig_plan('head')"
        text = "\\timing on\n" + f"{call};\n" * 5 + "\\timing off\n"
        text += "".join(memory.format(n) + ";\n" for n in ("VmHWM", "RssShmem", "RssFile"))
        out = subprocess.run(
            [*PSQL, "-d", database], input=text, capture_output=True, text=True, check=True
        ).stdout
        if out.split()[0] != str(count):
            sys.exit(f"the plan has {out.split()[0]} steps instead of {count}")
        times = re.findall(r"^Time: ([0-9.]+) ms", out, re.M)
        peak, shared, files = (int(n) / 1024 for n in re.findall(r"^{(\d+)}", out, re.M))
        return median(map(float, times)), peak, peak - shared - files

    def big_schema(self):
        """A database with the schema of schema.sql."""
        if "big" not in self.ready:
            say(f"  preparing a schema of {self.tables} tables")
            database = self.copy_database("template1")
            sql(database, "CREATE EXTENSION pgmig")
            subprocess.run(
                [*PSQL, "-d", database, "-v", f"tables={self.tables}", "-f", f"{HERE}/schema.sql"],
                check=True, stdout=subprocess.DEVNULL)
            counts = sql(database, COUNTS)
            wanted = "|".join(str(self.tables * n // 2) for n in (2, 20, 5, 1))
            if counts != wanted:
                sys.exit(f"the schema has {counts} tables, columns, indexes and functions, not {wanted}")
            self.ready["big"] = database
        return self.ready["big"]

    def reference(self):
        """A database in which the reference history is loaded."""
        if "reference" not in self.ready:
            self.ready["reference"] = self.copy_database("template1")
            sql(self.ready["reference"], "CREATE EXTENSION pgmig")
            sql(self.ready["reference"], "SELECT count(*) FROM pgmig_load('migrations')")
        name = self.copy_database(self.ready["reference"])
        sql(name, "SELECT 1")  # the first connection fills a cache on disk
        sql("postgres", "CHECKPOINT")
        return name

    def memory(self, database, statement):
        """Bytes of memory of its own that a statement makes a new session's backend have more, at the
        peak and afterwards, and how much the caches of the server have grown."""
        caches = "SELECT total_bytes FROM pg_backend_memory_contexts WHERE name = 'CacheMemoryContext';\n"
        child = subprocess.Popen([*PSQL, "-d", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        done = threading.Event()

        def ask(text):
            child.stdin.write(text)
            child.stdin.flush()
            return int(child.stdout.readline())

        def resident():
            with open(f"/proc/{backend}/status", encoding="ascii") as f:
                return int(re.search(r"RssAnon:\s*(\d+)", f.read())[1]) * 1024

        def watch():
            while not done.is_set():
                seen.append(resident())
                time.sleep(0.001)

        backend = ask("SELECT pg_backend_pid();\n")
        cached, seen = ask(caches), []
        before = resident()
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            ask(statement)
        finally:
            done.set()
            watcher.join()
        after = resident()
        grown = ask(caches) - cached
        child.communicate()
        return max(seen) - before, after - before, grown

    def snapshot(self):
        """A snapshot of a large schema, against pg_dump of it."""
        database = self.big_schema()
        client = tools.ALL[0]
        commands = {
            "pg_dump --schema-only": ["pg_dump", "--schema-only", "-d", database],
            "pgmig_snapshot(), process": [*PSQL, "-d", database, "-c", "SELECT pgmig_snapshot()"],
            "pgmig_fingerprint(), process": [*PSQL, "-d", database, "-c", "SELECT pgmig_fingerprint()"],
        }
        calls = ("pgmig_snapshot()", "pgmig_fingerprint()", "pgmig_fingerprint('logical')")
        runs = {name: [] for name in commands}
        further = {name: [] for name in calls}
        size = int(sql(database, "SELECT pg_column_size(pgmig_snapshot())"))
        for argv in commands.values():
            self.run(client, database, argv)  # warm up
        # They take turns: what disturbs one disturbs the others.
        for turn in range(2 * self.repeat):
            for name in list(commands)[::-1 if turn % 2 else 1]:
                runs[name].append(self.run(client, database, commands[name]))
            # A call whose result goes nowhere: psql's time is not wanted.
            took = self.session(database, ["SELECT 1"] + [f"SELECT pg_column_size({calls[0]})"] * 2
                                + [f"SELECT {call}" for call in calls[1:]])
            for name, milliseconds in zip(calls, took[2:]):
                further[name].append(milliseconds / 1000)
        dump = median(clock for clock, _ in runs["pg_dump --schema-only"])
        cpu = median(c for _, c in runs["pg_dump --schema-only"])
        rows = []
        for name, values in runs.items():
            clocks, cpus = median(v[0] for v in values), median(v[1] for v in values)
            rows.append([name, number(clocks * 1000), ratio(dump / clocks), number(cpus * 1000), ratio(cpu / cpus)])
        for name, values in further.items():
            clocks = median(values)
            rows.append([name + ", call in an open session", number(clocks * 1000), ratio(dump / clocks), "-", "-"])
        table(f"Snapshot of {self.tables:,} tables, {10 * self.tables:,} columns, {self.tables * 5 // 2:,} indexes, "
              f"{self.tables // 2:,} functions: median milliseconds, pg_dump's by them",
              ["", "ms", "ratio", "CPU ms", "CPU ratio"], rows)
        peaks = [self.memory(database, "SELECT pg_column_size(pgmig_snapshot());\n") for _ in range(self.repeat)]
        peak, after, caches = (median(values) for values in zip(*peaks))
        megabyte = 1 << 20
        table("Memory of the first snapshot of a session, above that of a new session",
              ["result MB", "peak MB", "ratio", "stays MB", "server's caches MB", "ratio without"],
              [[number(size / megabyte), number(peak / megabyte), ratio(peak / size), number(after / megabyte),
                number(caches / megabyte), ratio((peak - caches) / size)]])
        for name in ("pgmig_snapshot()", "pgmig_fingerprint()"):
            process = median(v[0] for v in runs[name + ", process"])
            self.want(f"pg_dump / {name}, process", dump / process, 1, ratio, least=True)
            self.want(f"pg_dump / {name}, open session", dump / median(further[name]), 3, ratio, least=True)
        self.want("peak memory / size of the result", peak / size, 10, ratio)

    def verify(self):
        """A rehearsal of the reference history, against running it up, down and up."""
        pairs = []
        for turn in range(self.repeat):
            took = {}
            for name in ("verify", "walk") if turn % 2 else ("walk", "verify"):
                database = self.reference()
                if name == "verify":
                    took[name] = self.session(database, ["SELECT * FROM pgmig_verify()"])[0]
                else:
                    took[name] = sum(self.session(database, [
                        "SET pgmig.snapshots = off", "SELECT pgmig_upgrade('head')",
                        "SELECT pgmig_downgrade('base')", "SELECT pgmig_upgrade('head')"])[1:])
            pairs.append((took["walk"], took["verify"]))
            say(f"  {turn + 1}/{self.repeat} {took}")
        walk, verify = (median(values) for values in zip(*pairs))
        paired = median(v / w for w, v in pairs)
        table("Rehearsal of the reference history, 52 revisions from base: median milliseconds",
              ["", "ms", "ratio"],
              [["pgmig_upgrade(), pgmig_downgrade(), pgmig_upgrade()", number(walk), ratio(1)],
               ["pgmig_verify()", number(verify), ratio(paired)]])
        self.want("pgmig_verify() / up, down, up, median of pairs", paired, 3, ratio)

    def record(self):
        """One small revision more, with and without recording the schema."""
        rows = []
        upgrade, downgrade = "CREATE TABLE bench_record (id bigint);", "DROP TABLE bench_record;"
        reference = self.reference()
        sql(reference, "SELECT pgmig_upgrade('head')")
        big = self.copy_database(self.big_schema())
        for title, database in (("reference history", reference), (f"{self.tables:,} tables", big)):
            sql(database, f"SELECT pgmig_revision('record', upgrade => '{upgrade}', downgrade => '{downgrade}')")
            times = {}
            for turn in range(self.repeat):
                for setting in ("on", "off") if turn % 2 else ("off", "on"):
                    took = self.session(
                        database, [f"SET pgmig.snapshots = {setting}"]
                        + ["SELECT pgmig_upgrade('head')", "SELECT pgmig_downgrade('-1')"] * 5)
                    first, further = times.setdefault(setting, ([], []))
                    first.append(took[1])
                    further.extend(took[3:])
            for setting in ("off", "on"):
                values = [median(v) for v in times[setting]]
                base = [median(v) for v in times["off"]]
                rows.append([f"{title}, {setting}"] + [
                    cell for v, b in zip(values, base) for cell in (number(v), ratio(v / b))])
        table("A run of one small revision, by pgmig.snapshots: median milliseconds, ratio to off",
              ["", "first run of a session", "ratio", "further", "ratio"], rows)

    def want(self, what, value, limit, form, least=False):
        met = value >= limit if least else value <= limit
        self.wanted.append([what, form(value), (">= " if least else "<= ") + form(limit),
                            "yes" if met else "no"])

    # --- The report ---------------------------------------------------------

    def preamble(self):
        settings = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers",
                    "autovacuum", "max_locks_per_transaction")
        version = sql("postgres", "SHOW server_version")
        shown = ", ".join(f"{s} = {sql('postgres', f'SHOW {s}')}" for s in settings)
        print(f"PostgreSQL {version}, {os.cpu_count()} cores, {platform.system()} {platform.machine()},"
              f" Python {platform.python_version()}")
        print(f"{shown}")
        print(f"repetitions: {self.repeat}; load average at the start: {os.getloadavg()[0]:.1f}")
        sys.stdout.flush()

    def close(self):
        if self.wanted:
            table("Wanted", ["", "measured", "wanted", "met"], self.wanted)
        if self.missing:
            print("\nLeft out\n")
            for tool, why in self.missing.items():
                print(f"{tool.name}: {why}")
        print(f"\nload average at the end: {os.getloadavg()[0]:.1f}")


def measurements(text):
    names = text.split(",")
    for name in names:
        if name not in MEASUREMENTS:
            raise argparse.ArgumentTypeError(f'"{name}" is none of {", ".join(MEASUREMENTS)}')
    return names


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the revisions, 2 repetitions")
    parser.add_argument("--only", type=measurements, default=list(MEASUREMENTS), metavar="LIST",
                        help="some of " + ",".join(MEASUREMENTS))
    parser.add_argument("--repeat", type=int, metavar="N", help="repetitions (default 5)")
    parser.add_argument("--tools", metavar="DIR", help="where bench/install DIR put the other tools")
    parser.add_argument("--install", action="store_true", help="install them, and delete them at the end")
    parser.add_argument("--check-arguments", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.repeat = arguments.repeat or (2 if arguments.quick else 5)
    if arguments.repeat < 1:
        parser.error("--repeat must be positive")
    if arguments.check_arguments:
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="pgmig-bench-") as directory:
        programs = arguments.tools
        if arguments.install:
            programs = os.path.join(directory, "installed")
            subprocess.run([f"{HERE}/install", programs], stdout=sys.stderr, check=False)
        if programs:
            os.environ["PATH"] += os.pathsep + os.path.abspath(programs) + "/bin"
        bench = Bench(arguments, directory)
        bench.preamble()
        for name in arguments.only:
            say(f"{name} ...")
            getattr(bench, name)()
        bench.close()


if __name__ == "__main__":
    main()
