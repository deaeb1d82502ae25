"""dbmate: a file a migration, a transaction each."""

from tool import Tool, last_word, output, slug, url, write_file


class Dbmate(Tool):
    name = "dbmate"
    transaction = "each"

    def version(self):
        return last_word(output("dbmate", "--version"))

    def write(self, directory, revisions):
        for r in revisions:
            write_file(
                directory, f"{r.number:06d}_{slug(r)}.sql",
                f"-- migrate:up\n{r.upgrade}\n\n-- migrate:down\n{r.downgrade}\n",
            )

    def command(self, directory, database, verb):
        return ["dbmate", "--url", url(database), "--migrations-dir", directory,
                "--no-dump-schema", verb]

    def upgrade(self, directory, database):
        return self.command(directory, database, "migrate")

    def history(self, directory, database):
        return self.command(directory, database, "status")
