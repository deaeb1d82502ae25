"""node-pg-migrate, with SQL files; one transaction is its default."""

from tool import Tool, last_word, output, slug, write_file


class NodePgMigrate(Tool):
    name = "node-pg-migrate"
    transaction = "one"

    def version(self):
        return last_word(output("node-pg-migrate", "--version"))

    def write(self, directory, revisions):
        for r in revisions:
            write_file(
                directory, f"{1700000000000 + r.number}_{slug(r)}.sql",
                f"-- Up Migration\n{r.upgrade}\n\n-- Down Migration\n{r.downgrade}\n",
            )

    def environment(self, database):
        return {"PGDATABASE": database, "DATABASE_URL": "postgres://"}

    def upgrade(self, directory, database):
        return ["node-pg-migrate", "up", "--migrations-dir", directory]
