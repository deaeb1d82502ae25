"""Alembic: a module a revision, op.execute() of the same SQL."""

import shutil

from tool import Tool, last_word, output, write_file

ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine("postgresql+psycopg2://", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

MODULE = '''\
"""{message}

Revision ID: {id}
Revises: {parent}
Create Date: 2026-01-01 00:00:00
"""
from alembic import op

revision = "{id}"
down_revision = {parents}
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""{upgrade}""")


def downgrade():
    op.execute("""{downgrade}""")
'''

# Repeats the command in one process, as an application that calls Alembic's
# library would, and prints the milliseconds of each call.
IN_PROCESS = """\
import sys, time
from alembic import command
from alembic.config import Config
config = Config(sys.argv[1])
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    command.upgrade(config, "head")
    print((time.perf_counter() - start) * 1000)
"""


class Alembic(Tool):
    name = "Alembic"
    transaction = "one"

    def version(self):
        return last_word(output("alembic", "--version"))

    def write(self, directory, revisions):
        write_file(directory, "alembic.ini", f"[alembic]\nscript_location = {directory}/scripts\n")
        write_file(directory, "scripts", "env.py", ENV)
        for r in revisions:
            parents = tuple(r.parents) if len(r.parents) > 1 else r.parents[0] if r.parents else None
            text = MODULE.format(
                message=r.message, id=r.id, parent=", ".join(r.parents), parents=repr(parents),
                upgrade=r.upgrade, downgrade=r.downgrade,
            )
            write_file(directory, "scripts", "versions", f"{r.id}.py", text)

    def environment(self, database):
        return {"PGDATABASE": database}

    def upgrade(self, directory, database):
        return ["alembic", "-c", f"{directory}/alembic.ini", "upgrade", "head"]

    def stamp(self, directory, database):
        return ["alembic", "-c", f"{directory}/alembic.ini", "stamp", "head"]

    def history(self, directory, database):
        return ["alembic", "-c", f"{directory}/alembic.ini", "history"]

    def in_process(self, directory, calls):
        """The command line that calls the library so often in one process."""
        with open(shutil.which("alembic"), encoding="utf-8") as script:
            python = script.readline()[2:].split()  # the one that has Alembic
        return [*python, "-c", IN_PROCESS, f"{directory}/alembic.ini", str(calls)]
