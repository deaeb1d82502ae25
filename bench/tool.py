"""What the measurements need to know of a tool; one class a tool in tools/."""

import os
import shutil
import subprocess


class Tool:
    name = ""
    # What one transaction covers when the whole history is applied.
    transaction = ""

    def version(self):
        """Its version in a word, or None if it cannot be had."""
        raise NotImplementedError

    def write(self, directory, revisions):
        """Write the history as this tool wants it, into an empty directory."""
        raise NotImplementedError

    def setup(self, directory, database):
        """What has to be done once to a new database; not measured."""

    def upgrade(self, directory, database):
        """The command line that applies all that is pending."""
        raise NotImplementedError

    def stamp(self, directory, database):
        """The command line that says all is applied without running it."""
        return self.upgrade(directory, database)

    def history(self, directory, database):
        """The command line that lists all revisions; None: there is none."""
        return None

    def environment(self, database):
        """Variables that the commands get besides PGHOST and so on."""
        return {}


def output(*argv):
    """What a command prints, or None if it fails or does not exist."""
    if not shutil.which(argv[0]):
        return None
    run = subprocess.run(argv, capture_output=True, text=True, check=False)
    return (run.stdout + run.stderr).strip() if run.returncode == 0 else None


def last_word(text):
    return text.split()[-1].lstrip("v") if text else None


def write_file(*path_and_text):
    *path, text = path_and_text
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def url(database, scheme="postgres"):
    """The server as a URL; the socket's directory is in the query."""
    host, port, user = (os.environ[v] for v in ("PGHOST", "PGPORT", "PGUSER"))
    return f"{scheme}://{user}@/{database}?host={host}&port={port}&sslmode=disable"


def slug(revision):
    return revision.message.replace(" ", "_")
