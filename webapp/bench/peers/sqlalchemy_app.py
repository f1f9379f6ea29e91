"""Installs postgresql-audit in the database of BENCH_DATABASE_URL, through SQLAlchemy."""

from __future__ import annotations

import os
from datetime import datetime

import psycopg
import sqlalchemy as sa
from postgresql_audit import versioning_manager
from sqlalchemy import orm

from webapp.bench.subjects import ADDRESS


class Base(orm.DeclarativeBase):
    """What versioning_manager adds its own tables to."""


versioning_manager.init(Base)


class Contact(Base):
    """The table that every subject captures; it is there already."""

    __tablename__ = "contacts"
    __versioned__ = {}  # noqa: RUF012 - as the library's documentation has it

    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, primary_key=True)
    first_name: orm.Mapped[str | None]
    last_name: orm.Mapped[str | None]
    email: orm.Mapped[str | None]
    phone: orm.Mapped[str | None]
    company: orm.Mapped[str | None]
    notes: orm.Mapped[str | None]
    owner_id: orm.Mapped[int | None]
    created_at: orm.Mapped[datetime | None]


def install(url: str) -> None:
    orm.configure_mappers()
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        # What the library does after it created a table itself.
        connection.execute(versioning_manager.build_audit_table_query(Contact.__table__))
    engine.dispose()


if __name__ == "__main__":
    install(os.environ[ADDRESS])
