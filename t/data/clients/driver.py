"""CALL through a Python driver: driver.py DRIVER CONNINFO

Prints what it finds, a line each; t/120_clients.pl knows what is right.  The
history has the revisions one, two and three; two fails while there is no table
"wanted".
"""
import importlib
import sys

driver = importlib.import_module(sys.argv[1])
conninfo = sys.argv[2]
UPGRADE = "CALL pgmig_upgrade_stepwise(%s)"
DOWNGRADE = "CALL pgmig_downgrade_stepwise('base')"


def attempt(name, work):
    try:
        work()
        state = "00000"
    except driver.Error as error:
        state = error.diag.sqlstate
        if state == "25001":
            state += " " + ("autocommit" if "autocommit" in error.diag.message_hint else "")
    print(name + ":", state)


def applied():
    with driver.connect(conninfo) as other:
        cursor = other.cursor()
        cursor.execute("SELECT string_agg(revision, ' ' ORDER BY revision) FROM pgmig.applied")
        print("applied:", cursor.fetchone()[0])


# The driver begins a transaction by itself.
connection = driver.connect(conninfo)
cursor = connection.cursor()
attempt("transaction", lambda: cursor.execute(UPGRADE, ("one",)))
connection.rollback()

connection.autocommit = True
notices = []
if hasattr(connection, "add_notice_handler"):
    connection.add_notice_handler(lambda diag: notices.append(diag.message_primary))
attempt("autocommit", lambda: cursor.execute(UPGRADE, ("one",)))
if not notices:
    notices = [line.split(":", 1)[1].strip() for line in connection.notices]
print("notices:", notices)
applied()

# The same statement again and again: this driver's prepared statement, if it
# makes some.
for number in range(8):
    attempt("error", lambda: cursor.execute(UPGRADE, ("head",)))
cursor.execute("CREATE TABLE wanted ()")
for number in range(2):
    attempt("success", lambda: cursor.execute(UPGRADE, ("head",)))
    applied()
    attempt("downgrade", lambda: cursor.execute(DOWNGRADE))
    applied()

# A run in the background
cursor.execute("SELECT pgmig_start('two')")
run = cursor.fetchone()[0]
attempt("wait", lambda: cursor.execute("CALL pgmig_wait(%s::bigint)", (run,)))
print("outcome:", cursor.fetchone()[0])

# Pipeline mode: one after another, without waiting for the answers
if hasattr(connection, "pipeline") and driver.Pipeline.is_supported():
    def alone():
        with connection.pipeline():
            cursor.execute(UPGRADE, ("three",))

    def behind():
        with connection.pipeline():
            cursor.execute("SELECT 1")
            cursor.execute(DOWNGRADE)

    attempt("pipeline", alone)
    applied()
    attempt("in a pipeline", behind)
    applied()
connection.close()
