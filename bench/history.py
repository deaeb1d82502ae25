"""Generated histories: the same SQL for every tool.

Nothing here is random, so every run and every machine gets the same history.
"""

from collections import namedtuple

# parents is a list of ids; upgrade and downgrade are SQL.
Revision = namedtuple("Revision", "number id parents message upgrade downgrade")


def create_table(n, t):
    columns = [
        f"    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        f"    parent_id bigint REFERENCES bench_{t - 1}" if t else "    parent_id bigint",
        "    name varchar(100) NOT NULL",
        "    status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'open', 'done'))",
        "    amount numeric(12, 2)",
        "    settings jsonb NOT NULL DEFAULT '{}'",
        "    created_at timestamptz NOT NULL DEFAULT now()",
    ]
    up = f"CREATE TABLE bench_{t} (\n" + ",\n".join(columns) + "\n);"
    return f"create bench_{t}", up, f"DROP TABLE bench_{t};"


def add_column(n, t):
    kind = ("text", "integer NOT NULL DEFAULT 0", "timestamptz", "boolean")[n % 4]
    return (
        f"add column c{n} to bench_{t}",
        f"ALTER TABLE bench_{t} ADD COLUMN c{n} {kind};",
        f"ALTER TABLE bench_{t} DROP COLUMN c{n};",
    )


def create_index(n, t):
    return (
        f"index bench_{t} by status",
        f"CREATE INDEX bench_{t}_status_idx ON bench_{t} (status, created_at DESC)\n"
        "    WHERE status <> 'done';",
        f"DROP INDEX bench_{t}_status_idx;",
    )


def insert_rows(n, t):
    rows = ",\n".join(f"    ('row {i}', {i}.50, '{{\"n\": {i}}}')" for i in range(1, 11))
    return (
        f"seed bench_{t}",
        f"INSERT INTO bench_{t} (name, amount, settings) VALUES\n{rows};",
        f"DELETE FROM bench_{t};",
    )


def backfill(n, t):
    return (
        f"add kind to bench_{t}",
        f"ALTER TABLE bench_{t} ADD COLUMN kind text;\n"
        f"UPDATE bench_{t} SET kind = 'kind ' || id % 3 WHERE kind IS NULL;\n"
        f"ALTER TABLE bench_{t} ALTER COLUMN kind SET NOT NULL;",
        f"ALTER TABLE bench_{t} DROP COLUMN kind;",
    )


def create_function(n, t):
    return (
        f"function that counts bench_{t}",
        f"CREATE FUNCTION bench_count_{t}(wanted text) RETURNS bigint\n"
        "LANGUAGE plpgsql STABLE AS $body$\n"
        "DECLARE\n"
        "    result bigint;\n"
        "BEGIN\n"
        "    -- a semicolon; here and 'a quote' there\n"
        f"    SELECT count(*) INTO result FROM bench_{t} WHERE status = wanted;\n"
        "    RETURN result;\n"
        "END;\n"
        "$body$;",
        f"DROP FUNCTION bench_count_{t}(text);",
    )


# Ten revisions on two new tables: 20 % create a table, 30 % add a column, 20 %
# an index, 10 % insert, 10 % add a column and fill it, 10 % make a function.
PATTERN = (
    (create_table, 0), (add_column, 0), (create_index, 0), (insert_rows, 0), (backfill, 0),
    (create_table, 1), (add_column, 1), (create_index, 1), (create_function, 1), (add_column, 0),
)


def revision(number, parents, bodies):
    message, up, down = bodies
    return Revision(number, f"r{number:06d}", [f"r{p:06d}" for p in parents], message, up, down)


def realistic(count):
    """A linear history of count revisions."""
    result = []
    for n in range(1, count + 1):
        make, offset = PATTERN[(n - 1) % len(PATTERN)]
        table = (n - 1) // len(PATTERN) * 2 + offset
        result.append(revision(n, [n - 1] if n > 1 else [], make(n, table)))
    return result


def empty_chain(count):
    """A linear chain whose revisions do nothing, to plan over."""
    bodies = ("nothing", "SELECT 1;", "SELECT 1;")
    return [revision(n, [n - 1] if n > 1 else [], bodies) for n in range(1, count + 1)]


def empty_graph(count):
    """A graph with branches that merge again: 3 % of the revisions are merges.

    Every 33 revisions a branch is opened, runs beside the trunk for ten steps
    (over a hundred steps every tenth time) and is merged.  The last revision
    is the only head.
    """
    bodies = ("nothing", "SELECT 1;", "SELECT 1;")
    parents = {}
    trunk, branches, opened = 0, [], 0
    for n in range(1, count):
        if n % 33 == 32 and trunk:
            branches.append([trunk, n + (150 if opened % 10 == 9 else 15)])
            opened += 1
        due = [b for b in branches if b[1] <= n]
        if due:
            parents[n] = [trunk, due[0][0]]
            branches.remove(due[0])
            trunk = n
        elif branches and n % 2:
            branch = branches[n // 2 % len(branches)]
            parents[n] = [branch[0]]
            branch[0] = n
        else:
            parents[n] = [trunk] if trunk else []
            trunk = n
    parents[count] = list(dict.fromkeys([trunk] + [b[0] for b in branches]))
    return [revision(n, parents[n], bodies) for n in range(1, count + 1)]


def document(rev):
    """The revision as a pgmig document."""
    return (
        f"-- {rev.message}\n--\n-- Revision ID: {rev.id}\n-- Revises: {', '.join(rev.parents)}\n"
        "-- Create Date: 2026-01-01 00:00:00+00\n\n"
        f"-- pgmig: upgrade\n{rev.upgrade}\n\n-- pgmig: downgrade\n{rev.downgrade}\n\n"
    )
