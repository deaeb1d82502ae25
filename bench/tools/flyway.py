"""Flyway: its library, called by FlywayCommand.java.

bench/install compiles that and makes the program "bench-flyway".
"""

from tool import Tool, last_word, output, slug, write_file


class Flyway(Tool):
    name = "Flyway"
    transaction = "each"

    def version(self):
        return last_word(output("bench-flyway", "version"))

    def write(self, directory, revisions):
        for r in revisions:
            write_file(directory, f"V{r.number}__{slug(r)}.sql", r.upgrade + "\n")

    def upgrade(self, directory, database):
        return ["bench-flyway", "migrate", directory, database]

    def history(self, directory, database):
        return ["bench-flyway", "info", directory, database]
