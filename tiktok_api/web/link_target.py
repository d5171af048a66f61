"""What a signed link shows. Models name it, `web/signed_links.py` makes a URL of it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The route that shows a thing, the thing's id and its name in the route, and which version of the thing it is."""

    endpoint: str
    id_name: str
    id: UUID
    version: str
