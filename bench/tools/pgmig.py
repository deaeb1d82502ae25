"""pgmig: the function by psql, and the script that it writes by psql -1.

The documents are imported once, before anything is measured, as a deployment
does; the other tools keep the files and read them at every call.
"""

import subprocess

from history import document
from tool import Tool, output, write_file

PSQL = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]


def load(database, path):
    """Create the extension if it is not there, and import a document."""
    script = "CREATE EXTENSION IF NOT EXISTS pgmig;\n" \
        f"\\set doc `cat '{path}'`\n" \
        "SELECT count(*) FROM pgmig_import(:'doc');\n"
    subprocess.run(
        [*PSQL, "-d", database], input=script, text=True, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


class Pgmig(Tool):
    name = "pgmig_upgrade()"
    transaction = "one"

    def version(self):
        return output(*PSQL, "-c", "SELECT default_version FROM pg_available_extensions"
                      " WHERE name = 'pgmig'")

    def write(self, directory, revisions):
        write_file(directory, "all.sql", "".join(map(document, revisions)))

    def setup(self, directory, database):
        load(database, f"{directory}/all.sql")

    def upgrade(self, directory, database):
        return [*PSQL, "-d", database, "-c", "SELECT pgmig_upgrade('head')"]

    def stamp(self, directory, database):
        return [*PSQL, "-d", database, "-c", "SELECT pgmig_stamp('head')"]

    def history(self, directory, database):
        return [*PSQL, "-d", database, "-c", "SELECT * FROM pgmig_history()"]


class PgmigScript(Pgmig):
    name = "pgmig_upgrade_sql()"

    def upgrade(self, directory, database):
        return ["sh", "-c", " ".join(PSQL) + " -d \"$0\" -c \"SELECT pgmig_upgrade_sql('head')\" | "
                + " ".join(PSQL) + ' -1 -d "$0"', database]

    def history(self, directory, database):
        return None


class PgmigStepwise(Pgmig):
    name = "pgmig_upgrade_stepwise()"
    transaction = "each"

    def upgrade(self, directory, database):
        return [*PSQL, "-d", database, "-c", "CALL pgmig_upgrade_stepwise('head')"]

    def history(self, directory, database):
        return None
