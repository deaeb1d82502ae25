"""psql -1 -f: the SQL alone, without bookkeeping.  The baseline."""

from tool import Tool, output, write_file


class Psql(Tool):
    name = "psql -1 -f"
    transaction = "one"

    def version(self):
        text = output("psql", "--version")
        return text and text.split()[2]

    def write(self, directory, revisions):
        write_file(directory, "all.sql", "\n".join(r.upgrade for r in revisions) + "\n")

    def upgrade(self, directory, database):
        return ["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1",
                "-d", database, "-f", f"{directory}/all.sql"]


class PsqlEach(Psql):
    """With a transaction for each revision: what a stepwise run compares with."""

    name = "psql -f, BEGIN ... COMMIT"
    transaction = "each"

    def write(self, directory, revisions):
        write_file(directory, "all.sql",
                   "".join(f"BEGIN;\n{r.upgrade}\nCOMMIT;\n" for r in revisions))

    def upgrade(self, directory, database):
        return [argument for argument in super().upgrade(directory, database) if argument != "-1"]
