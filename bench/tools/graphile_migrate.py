"""graphile-migrate: committed migrations, chained by their hashes."""

import hashlib
import json

from tool import Tool, last_word, output, url, write_file


def digest(body, previous):
    text = ((previous or "") + "\n" + body.strip()).strip() + "\n"
    return "sha1:" + hashlib.sha1(text.encode()).hexdigest()


class GraphileMigrate(Tool):
    name = "graphile-migrate"
    transaction = "each"

    def version(self):
        return last_word(output("graphile-migrate", "--version"))

    def write(self, directory, revisions):
        write_file(directory, "gmrc", json.dumps({"migrationsFolder": f"{directory}/migrations"}))
        previous = None
        for r in revisions:
            this = digest(r.upgrade, previous)
            write_file(
                directory, "migrations", "committed", f"{r.number:06d}.sql",
                f"--! Previous: {previous or '-'}\n--! Hash: {this}\n\n{r.upgrade}\n",
            )
            previous = this

    def environment(self, database):
        return {"DATABASE_URL": url(database).removesuffix("&sslmode=disable")}

    def upgrade(self, directory, database):
        return ["graphile-migrate", "migrate", "--config", f"{directory}/gmrc"]
