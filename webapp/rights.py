"""`auditlog user grant | revoke | limit`: what one person may do and see, whatever their role."""

from __future__ import annotations

import click

from .explained import explained
from .permissions import PERMISSIONS
from .scopes import CATEGORIES, Scope
from .users import change, user

#: Rows of user_permissions for one person; %s are a permission and an e-mail address.
GRANT = """
with person as (select id from public.users where lower(email) = lower(%(email)s)),
done as (insert into public.user_permissions select id, %(permission)s from person on conflict do nothing)
select from person
"""
REVOKE = """
with person as (select id from public.users where lower(email) = lower(%(email)s)),
done as (delete from public.user_permissions p using person where p.user_id = person.id and permission = %(permission)s)
select from person
"""
LIMIT = "update public.users set categories = %(categories)s where lower(email) = lower(%(email)s)"


@user.command("grant")
@click.argument("email")
@click.argument("permission", type=click.Choice(sorted(PERMISSIONS)))
@explained
def grant(email: str, permission: str) -> None:
    """Give a person a permission beside their role's.

    audit.erase is given in this way only.

    \b
    Example:
      auditlog user grant mei@example.org audit.erase
    """
    change(email, GRANT, permission=permission)
    click.echo(f"{email} has {permission}.")


@user.command("revoke")
@click.argument("email")
@click.argument("permission", type=click.Choice(sorted(PERMISSIONS)))
@explained
def revoke(email: str, permission: str) -> None:
    """Take back what grant gave. A permission of the person's role goes with set-role.

    \b
    Example:
      auditlog user revoke mei@example.org audit.erase
    """
    change(email, REVOKE, permission=permission)
    click.echo(f"{email} was not given {permission} as a person; their role may still have it.")


@user.command("limit")
@click.argument("email")
@click.argument("categories", nargs=-1, type=click.Choice(list(CATEGORIES)))
@click.option("--lift", is_flag=True, help="Let the person see all categories again.")
@explained
def limit(email: str, categories: tuple[str, ...], lift: bool) -> None:
    """Limit a person to some categories of the report.

    On every page, and in every file.

    \b
    Example:
      auditlog user limit mei@example.org contacts groups
    """
    if bool(categories) == lift:
        raise click.UsageError("name the categories that the person may see, or --lift the limit")
    scope = Scope.of(None if lift else categories)
    change(email, LIMIT, categories=scope.listed)
    click.echo(f"{email} sees {scope.in_words() or 'every category'}{'' if lift else ' only'}.")
