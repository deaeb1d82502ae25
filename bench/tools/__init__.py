"""The tools, in the order in which they are reported."""

from . import (
    alembic,
    dbmate,
    flyway,
    golang_migrate,
    goose,
    graphile_migrate,
    node_pg_migrate,
    pgmig,
    psql,
    sqitch,
    tern,
)

ALL = [
    psql.Psql(),
    pgmig.Pgmig(),
    pgmig.PgmigScript(),
    psql.PsqlEach(),
    pgmig.PgmigStepwise(),
    alembic.Alembic(),
    dbmate.Dbmate(),
    flyway.Flyway(),
    golang_migrate.GolangMigrate(),
    goose.Goose(),
    graphile_migrate.GraphileMigrate(),
    node_pg_migrate.NodePgMigrate(),
    sqitch.Sqitch(),
    tern.Tern(),
]
