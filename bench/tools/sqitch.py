"""sqitch: a deploy script a change, run by a psql of its own."""

from tool import Tool, last_word, output, write_file


class Sqitch(Tool):
    name = "sqitch"
    transaction = "each"

    def version(self):
        return last_word(output("sqitch", "--version"))

    def write(self, directory, revisions):
        plan = ["%syntax-version=1.0.0", "%project=bench", ""]
        for r in revisions:
            needs = f" [{' '.join(r.parents)}]" if r.parents else ""
            plan.append(f"{r.id}{needs} 2026-01-01T00:00:00Z Bench <bench@example.com> # {r.message}")
            write_file(directory, "deploy", f"{r.id}.sql", f"BEGIN;\n{r.upgrade}\nCOMMIT;\n")
            write_file(directory, "revert", f"{r.id}.sql", f"BEGIN;\n{r.downgrade}\nCOMMIT;\n")
        write_file(directory, "sqitch.plan", "\n".join(plan) + "\n")
        write_file(directory, "sqitch.conf", "[core]\n\tengine = pg\n")

    def environment(self, database):
        return {
            "SQITCH_FULLNAME": "Bench", "SQITCH_EMAIL": "bench@example.com",
            "SQITCH_USER_CONFIG": "none", "SQITCH_SYSTEM_CONFIG": "none",
        }

    def upgrade(self, directory, database):
        return ["sqitch", "-C", directory, "deploy", f"db:pg:{database}"]

    def stamp(self, directory, database):
        return [*self.upgrade(directory, database), "--log-only"]

    def history(self, directory, database):
        return ["sqitch", "-C", directory, "plan"]
