"""Writes with SQLAlchemy: sqlalchemy_client.py named|unnamed|bulk EMAIL, connected by the PG* variables.

One contact; or, in bulk, two that are then changed and deleted by statements of which no session event hears.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from sqlalchemy import Engine, create_engine, delete, func, insert, select, update
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


def write_in_bulk(session: Session, email: str) -> None:
    rows = [{"first_name": name, "last_name": "L", "email": email} for name in ("Ada", "Bo")]
    session.execute(insert(Contact), rows)
    session.execute(update(Contact).where(Contact.email == email).values(last_name="King"))
    session.execute(delete(Contact).where(Contact.email == email))


def main(how: str, email: str) -> None:
    engine = create_engine("postgresql+psycopg://", connect_args={"application_name": "crm-sqlalchemy"})
    contact = Contact(first_name="Ada", last_name="Lovelace", email=email)
    if how == "named":
        save_for(engine, User(42, "Priya Raman"), contact)
    else:
        with Session(engine) as session, session.begin():
            write_in_bulk(session, email) if how == "bulk" else session.add(contact)


if __name__ == "__main__":
    main(*sys.argv[1:])
