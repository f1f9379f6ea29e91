"""Writes one contact with SQLAlchemy: sqlalchemy_client.py named|unnamed EMAIL, connected by the PG* variables."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


@dataclass
class User:
    """Whoever is signed in to the application."""

    id: int
    name: str


class Base(DeclarativeBase):
    pass


class Contact(Base):
    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]


def save_for(engine: Engine, user: User, contact: Contact) -> None:
    # naming the user
    with Session(engine) as session, session.begin():
        session.execute(select(func.audit.set_actor(str(user.id), user.name)))
        session.add(contact)
    # end


def main(how: str, email: str) -> None:
    engine = create_engine("postgresql+psycopg://", connect_args={"application_name": "crm-sqlalchemy"})
    contact = Contact(first_name="Ada", last_name="Lovelace", email=email)
    if how == "named":
        save_for(engine, User(42, "Priya Raman"), contact)
    else:
        with Session(engine) as session, session.begin():
            session.add(contact)


if __name__ == "__main__":
    main(*sys.argv[1:])
