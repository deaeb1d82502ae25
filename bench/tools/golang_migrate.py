"""golang-migrate: a file a direction, sent as one string each."""

from tool import Tool, last_word, output, slug, url, write_file


class GolangMigrate(Tool):
    name = "golang-migrate"
    transaction = "each"

    def version(self):
        return last_word(output("migrate", "-version"))

    def write(self, directory, revisions):
        for r in revisions:
            base = f"{r.number:06d}_{slug(r)}"
            write_file(directory, f"{base}.up.sql", r.upgrade + "\n")
            write_file(directory, f"{base}.down.sql", r.downgrade + "\n")

    def upgrade(self, directory, database):
        return ["migrate", "-database", url(database), "-path", directory, "up"]
