"""goose: a file a migration; a body with dollar quotes has to be marked."""

from tool import Tool, last_word, output, slug, url, write_file

BEGIN = "-- +goose StatementBegin\n"
END = "\n-- +goose StatementEnd"


class Goose(Tool):
    name = "goose"
    transaction = "each"

    def version(self):
        return last_word(output("goose", "-version"))

    def write(self, directory, revisions):
        for r in revisions:
            up = BEGIN + r.upgrade + END if "$body$" in r.upgrade else r.upgrade
            write_file(
                directory, f"{r.number:06d}_{slug(r)}.sql",
                f"-- +goose Up\n{up}\n\n-- +goose Down\n{r.downgrade}\n",
            )

    def upgrade(self, directory, database):
        return ["goose", "-dir", directory, "postgres", url(database), "up"]

    def history(self, directory, database):
        return ["goose", "-dir", directory, "postgres", url(database), "status"]
