"""What Alembic answers, for comparison with pgmig.

    alembic_oracle.py random SEED COUNT
    alembic_oracle.py documents FILE...

The first form invents COUNT graphs and questions about each; the second reads
revision documents and asks for every revision in turn.  The output is lines
of tab separated fields:

    graph     revisions in load order, each "id[:parents][^deps][#labels]"
    case      rows, command, target, outcome, revisions

Rows are the heads of the applied set.  The outcome is "ok", followed by
revisions in the order in which they run; "set", followed by revisions in any
order; "error"; or "any", where Alembic fails in a way that is not to be
copied and that has no right answer to compare with.

The plans come from the installed Alembic.  Where pgmig deliberately differs,
the class Answers says so and gives what pgmig is to do.
"""

import random
import re
import sys
import types
import warnings

from alembic.runtime.migration import HeadMaintainer
from alembic.script.base import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from alembic.util import CommandError

warnings.simplefilter("ignore")


class OrderedMap(RevisionMap):
    """Dependencies keep their declared order; stock Alembic uses a set."""

    def _normalize_depends_on(self, revisions, map_):
        super()._normalize_depends_on(revisions, map_)
        for revision in revisions:
            left = revision._normalized_resolved_dependencies
            revision._normalized_resolved_dependencies = tuple(
                dict.fromkeys(
                    d for d in revision._resolved_dependencies if d in left
                )
            )


class Rows(HeadMaintainer):
    """The rows of alembic_version, without a database."""

    def __init__(self, heads):
        self.heads = set(heads)

    def _insert_version(self, version):
        self.heads.add(version)

    def _delete_version(self, version):
        self.heads.remove(version)

    def _update_version(self, from_, to_):
        self.heads.remove(from_)
        self.heads.add(to_)


def parse_graph(text):
    """[(id, parents, deps, labels)] of the compact notation."""
    revisions = []
    for word in text.split():
        m = re.fullmatch(r"([^:^#]+)(?::([^^#]*))?(?:\^([^#]*))?(?:#(.*))?", word)
        name, *lists = m.groups()
        revisions.append((name, *[(x or "").split(",") if x else [] for x in lists]))
    return revisions


def format_graph(revisions):
    return " ".join(
        name
        + (":" + ",".join(parents) if parents else "")
        + ("^" + ",".join(deps) if deps else "")
        + ("#" + ",".join(labels) if labels else "")
        for name, parents, deps, labels in revisions
    )


def make_directory(revisions):
    def scripts():
        for name, parents, deps, labels in revisions:
            module = types.SimpleNamespace(
                revision=name,
                down_revision=tuple(parents) or None,
                depends_on=tuple(deps) or None,
                branch_labels=tuple(labels) or None,
                upgrade=lambda: None,
                downgrade=lambda: None,
            )
            yield Script(module, name, name + ".py")

    directory = ScriptDirectory.__new__(ScriptDirectory)
    directory.revision_map = OrderedMap(scripts)
    directory.revision_map._revision_map
    return directory


class Answers:
    def __init__(self, revisions):
        self.directory = make_directory(revisions)
        self.map = self.directory.revision_map
        self.order = [r[0] for r in revisions]
        self.labels = [label for r in revisions for label in r[3]]
        self.down = {
            name: list(self.map.get_revision(name)._all_down_revisions)
            for name in self.order
        }

    # Sets of revisions

    def below(self, names):
        """The names and all below them."""
        seen, todo = set(), list(names)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += self.down[name]
        return seen

    def rows(self, names):
        """The highest ones of an applied set."""
        applied = self.below(names)
        lower = {d for name in applied for d in self.down[name]}
        return tuple(n for n in self.order if n in applied and n not in lower)

    def lineage(self, name):
        """The name, its ancestors and its descendants over parents."""
        found = {r.revision for r in self.map._get_ancestor_nodes(
            [self.map.get_revision(name)], include_dependencies=False)}
        found |= {r.revision for r in self.map._get_descendant_nodes(
            [self.map.get_revision(name)], include_dependencies=False)}
        return [n for n in self.order if n in found]

    # Questions

    def ask(self, command, target, rows):
        """(outcome, revisions)"""
        if re.search(r"base[+-]0", target):
            # no step from base is an error or a crash
            return "any", []
        try:
            return getattr(self, command)(target, rows)
        except (CommandError, NotAllowed):
            return "error", []

    def upgrade(self, target, rows):
        self.check_branch(target)
        try:
            steps = self.directory._upgrade_revs(target, rows)
        except AssertionError:
            # X05, X08: a walk that runs out, or that leads to base
            return "error", []
        return "ok", [step.revision.revision for step in steps]

    def downgrade(self, target, rows):
        self.check_branch(target)
        if re.fullmatch(r"-\d+", target) and len(rows) > 1:
            # T23: from which of them?
            return "error", []
        branch, at, symbol = target.rpartition("@")
        if at and not re.search(r"[+-]\d+$", target):
            # Q04, Q15: the symbol is to be looked up within the branch
            found = self.directory.get_revision(target)
            if symbol != "base":
                target = branch + "@" + found.revision
        try:
            steps = self.directory._downgrade_revs(target, rows)
        except AssertionError:
            # X06
            return "error", []
        except CommandError as error:
            match = re.match("Destination .* is not a valid downgrade", str(error))
            if match and self.downgrade_target(target, rows) in self.below(rows):
                # Q01: it is applied, and nothing above it is
                return "ok", []
            raise
        return "ok", [step.revision.revision for step in steps]

    def downgrade_target(self, target, rows):
        with self.directory._catch_revision_errors():
            found = self.map._parse_downgrade_target(rows, target, True)[1]
        return found.revision

    def stamp(self, target, rows):
        """The revisions that are applied afterwards."""
        targets = target.split(",")
        for text in targets:
            self.check_branch(text)
            if re.search(r"[+-]\d+$", text):
                return "any", []
            if "@" in text and text.split("@")[1] not in (
                self.order + self.labels + ["head", "heads", "base"]
            ):
                # looked up without the branch as well
                return "any", []
        steps = self.directory._stamp_revs(tuple(targets), rows)
        state = Rows(rows)
        try:
            for step in steps:
                state.update_to_step(step)
            after = state.heads
        except (KeyError, AssertionError):
            # rows that an earlier destination has taken already
            after = set()
            for step in steps:
                after |= set(step.to_)
            after |= set(rows) - {f for step in steps for f in step.from_}
        # S06: several destinations count all, in any order
        named = self.directory.get_revisions(tuple(targets))
        if len(named) > 1:
            after |= {r.revision for r in named}
        if targets == ["base"]:
            return "set", []
        # S09: what dropped revisions depended on stays applied
        kept = self.below(after)
        todo = [row for row in rows if row not in after]
        dropped = set()
        while todo:
            name = todo.pop()
            if name in kept or name in dropped:
                continue
            dropped.add(name)
            todo += self.map.get_revision(name)._versioned_down_revisions
        stays = {
            name
            for name in self.below(rows)
            if not dropped & self.below([name])
        }
        return "set", [n for n in self.order if n in kept | stays]

    def history(self, target, rows):
        start, end = target.split(":")
        self.check_branch(start)
        self.check_branch(end)
        branch, at, symbol = start.rpartition("@")
        if at and branch not in self.labels:
            # a revision that stands for its branch is understood only if it
            # is written in full, and not everywhere
            if branch not in self.order or re.match(r"-\d", symbol):
                return "any", []
        if re.search(r"^(.*@)?-", start) and self.some_beyond_base(start):
            # Alembic counts from the end then, if it does not fail
            return "any", []
        if start == "current":
            start = rows
        if end == "current":
            end = rows
            if not rows:
                # nothing, rather than everything
                found = self.directory.get_revisions(start or "base")
                beyond = [r in (None, "base") for r in found]
                return ("ok" if all(beyond) else "error"), []
        try:
            found = self.directory.walk_revisions(start or "base", end or "heads")
            return "ok", [r.revision for r in found]
        except (AssertionError, AttributeError):
            # X07 and others
            return "any", []
        except CommandError:
            if re.search(r"-\d+$", target.split(":")[0]):
                # counting down to base or beyond
                return "any", []
            raise

    def some_beyond_base(self, target):
        """Do steps down from the heads lead to base, but not from all?"""
        with self.directory._catch_revision_errors():
            found = self.map.get_revisions(target)
        beyond = [r in (None, "base") for r in found]
        return any(beyond) and not all(beyond)

    def current(self, target, rows):
        found = {r.revision for r in self.directory.get_all_current(rows)}
        return "ok", [n for n in self.order if n in found]

    def heads(self, target, rows):
        return "ok", list(self.map.heads)

    def check_branch(self, target):
        """Q06, Q20: an unknown branch is an error, always."""
        branch, at, symbol = target.rpartition("@")
        if at:
            with self.directory._catch_revision_errors():
                self.map._resolve_branch(branch)
        # Q07: text after the digits
        if re.search(r"[+-]\d+\D", target):
            raise NotAllowed


class NotAllowed(Exception):
    pass


# Invented graphs and questions


def random_name(rng, used):
    while True:
        length = rng.choice((2, 4, 4, 5, 6))
        name = "".join(rng.choice("abc012") for _ in range(length))
        if name not in used and not name.isdigit():
            used.add(name)
            return name


def random_graph(rng):
    used = set()
    revisions = []
    size = rng.choice((1, 3, 5, 7, 9, 11, 13, 16, 20))
    merges = rng.choice((0.02, 0.1, 0.3))
    bases = rng.choice((0.05, 0.2))
    depends = rng.choice((0, 0.1, 0.3, 0.5))
    for i in range(size):
        earlier = revisions[-6:] if rng.random() < 0.7 else revisions
        parents, deps, labels = [], [], []
        if earlier and rng.random() >= bases:
            count = 1 if rng.random() >= merges else rng.choice((2, 2, 3))
            count = min(count, len(earlier))
            parents = [r[0] for r in rng.sample(earlier, count)]
        if revisions and rng.random() < depends:
            count = min(rng.choice((1, 1, 2, 3)), len(revisions))
            for other in rng.sample(revisions, count):
                name = other[0]
                if other[3] and rng.random() < 0.5:
                    name = rng.choice(other[3])
                if name not in parents or rng.random() < 0.3:
                    deps.append(name)
        name = random_name(rng, used)
        if rng.random() < 0.2:
            labels = [random_name(rng, used)]
            if rng.random() < 0.2:
                labels.append(random_name(rng, used))
        revisions.append((name, parents, deps, labels))
    if rng.random() < 0.7:
        rng.shuffle(revisions)
    return revisions


def random_symbol(rng, answers, names):
    choice = rng.random()
    if choice < 0.12:
        return rng.choice(("head", "heads", "base", "head", "base"))
    if answers.labels and choice < 0.25:
        return rng.choice(answers.labels)
    if choice > 0.99:
        return "nosuch"
    name = rng.choice(names)
    if choice > 0.92:
        name = name[: rng.randint(2, len(name))]
    return name


def random_target(rng, answers, names):
    """A target about the names, or about anything in one case of four."""
    if not names or rng.random() < 0.25:
        names = answers.order
    symbol = random_symbol(rng, answers, names)
    branch = ""
    if rng.random() < 0.35:
        branch = random_symbol(rng, answers, names)
        if rng.random() < 0.7:
            # related to the symbol, or to something applied
            about = symbol if symbol in answers.order else rng.choice(names)
            branch = rng.choice(answers.lineage(about))
        while branch in ("head", "heads", "base"):
            branch = random_symbol(rng, answers, names)
        branch += "@"
    choice = rng.random()
    if choice < 0.5:
        if branch and rng.random() < 0.3:
            symbol = rng.choice(("head", "heads", "base"))
        return branch + symbol
    offset = rng.choice("+-") + str(rng.choice((0, 1, 1, 1, 1, 1, 2, 2, 3, 9)))
    if choice < 0.75:
        return branch + offset
    return branch + symbol + offset


def random_case(rng, answers):
    names = rng.sample(answers.order, rng.randint(0, min(3, len(answers.order))))
    rows = answers.rows(names)
    command = rng.choice(
        ("upgrade",) * 6
        + ("downgrade",) * 6
        + ("stamp",) * 3
        + ("history",) * 4
        + ("current", "heads")
    )
    target = ""
    applied = [n for n in answers.order if n in answers.below(rows)]
    pending = [n for n in answers.order if n not in applied]
    if command == "upgrade":
        target = random_target(rng, answers, pending)
    elif command == "downgrade":
        target = random_target(rng, answers, applied)
        # most of the others are errors
        if target.rpartition("@")[2].startswith("+"):
            target = target.replace("+", "-")
    elif command == "stamp":
        target = ",".join(
            random_target(rng, answers, applied + pending)
            for _ in range(rng.choice((1, 1, 1, 2, 3)))
        )
    elif command == "history":
        target = ":".join(
            "current"
            if rng.random() < 0.1
            else ""
            if rng.random() < 0.3
            else random_target(rng, answers, pending)
            for _ in range(2)
        )
        # Alembic understands it on one side only
        if target == "current:current":
            target = "current:"
    return rows, command, target


def report_graph(revisions):
    print("graph", format_graph(revisions), sep="\t")


def report_case(answers, rows, command, target):
    outcome, found = answers.ask(command, target, rows)
    print("case", " ".join(rows), command, target, outcome, " ".join(found), sep="\t")


def invent(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        revisions = random_graph(rng)
        answers = Answers(revisions)
        report_graph(revisions)
        for _ in range(30):
            report_case(answers, *random_case(rng, answers))


# Revision documents


def read_documents(paths):
    revisions = []
    for path in paths:
        header = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                if not line.startswith("--"):
                    break
                key, _, value = line[2:].strip().partition(": ")
                header.setdefault(key.rstrip(":"), value.strip())
        lists = [
            [x.strip() for x in header.get(key, "").split(",") if x.strip()]
            for key in ("Revises", "Depends On", "Branch Labels")
        ]
        revisions.append((header["Revision ID"], *lists))
    return revisions


def walk_through(paths):
    revisions = read_documents(paths)
    answers = Answers(revisions)
    heads = answers.rows(answers.order)
    report_graph(revisions)
    report_case(answers, (), "upgrade", "heads")
    report_case(answers, heads, "downgrade", "base")
    report_case(answers, (), "history", ":")
    for name in answers.order:
        report_case(answers, (), "upgrade", name)
        report_case(answers, answers.rows([name]), "upgrade", "heads")
        report_case(answers, heads, "downgrade", name)
        report_case(answers, answers.rows([name]), "downgrade", "base")
        report_case(answers, (), "history", name + ":")
        report_case(answers, heads, "stamp", name)


if __name__ == "__main__":
    if sys.argv[1] == "random":
        invent(int(sys.argv[2]), int(sys.argv[3]))
    else:
        walk_through(sys.argv[2:])
