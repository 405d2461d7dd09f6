"""What somebody types where the account belongs, as the count of failed sign-ins keeps it."""

from shebao.config.log import masked

from ..crypto import blind_index


def account_of(request, credentials) -> str | None:
    """The account that is tried; instead of what looks like a person's number, a keyed digest of it."""
    said = credentials or request.POST
    name = said.get("username")
    return blind_index("sign-in", name) if name and masked(name) != name else name
