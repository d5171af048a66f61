"""The target of a signed link. Domains name it, `web/signed_links.py` makes a URL of it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The route that shows a thing, the thing's id and the id's name in the route, and the version of the thing."""

    endpoint: str
    id_name: str
    id: UUID
    version: str
