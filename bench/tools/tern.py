"""tern: numbered files, a transaction each."""

import os

from tool import Tool, last_word, output, slug, write_file


class Tern(Tool):
    name = "tern"
    transaction = "each"

    def version(self):
        return last_word(output("tern", "version"))

    def write(self, directory, revisions):
        for r in revisions:
            write_file(
                directory, f"{r.number:06d}_{slug(r)}.sql",
                f"{r.upgrade}\n\n---- create above / drop below ----\n\n{r.downgrade}\n",
            )

    def upgrade(self, directory, database):
        server = " ".join(
            f"{key}={os.environ[name]}"
            for key, name in (("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"))
        )
        return ["tern", "migrate", "--migrations", directory,
                "--conn-string", f"{server} dbname={database} sslmode=disable"]
