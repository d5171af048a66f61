"""Commercial disclosure and consent as TikTok's content sharing guidelines word them: labels, declarations, notices.

The guidelines prescribe the texts, so they are not translated or shortened here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LEGAL = "https://www.tiktok.com/legal/page/global"
MUSIC = {"text": "Music Usage Confirmation", "url": f"{_LEGAL}/music-usage-confirmation/en"}
BRANDED = {"text": "Branded Content Policy", "url": f"{_LEGAL}/bc-policy/en"}
BRANDED_PRIVATE = "Branded content visibility cannot be set to private."
MUST_CHOOSE = "You need to indicate if your content promotes yourself, a third party, or both."
PROCESSING_NOTICE = (
    "It may take a few minutes for your content to process and be visible on your profile after it is published."
)


class DisclosureKind(StrEnum):
    """What a post discloses: nothing, one's own brand, or branded content (alone or with one's own)."""

    NONE = "none"
    YOUR_BRAND = "your_brand"
    BRANDED_CONTENT = "branded_content"


_LABELS = {
    DisclosureKind.YOUR_BRAND: "Promotional content",
    DisclosureKind.BRANDED_CONTENT: "Paid partnership",
}


def _declaration(kind: DisclosureKind, text: str, *links: dict[str, str]) -> dict[str, Any]:
    return {"disclosure": kind, "text": text, "links": list(links), "field": "consent", "default": False}


_PLAIN = "By posting, you agree to TikTok's Music Usage Confirmation."
DECLARATIONS = {
    DisclosureKind.NONE: _declaration(DisclosureKind.NONE, _PLAIN, MUSIC),
    DisclosureKind.YOUR_BRAND: _declaration(DisclosureKind.YOUR_BRAND, _PLAIN, MUSIC),
    DisclosureKind.BRANDED_CONTENT: _declaration(
        DisclosureKind.BRANDED_CONTENT,
        "By posting, you agree to TikTok's Branded Content Policy and Music Usage Confirmation.",
        BRANDED,
        MUSIC,
    ),
}
"""What the person declares by posting, and thereby consents to."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The two toggles of a post."""

    is_branded: bool = False
    is_organic: bool = False

    @property
    def kind(self) -> DisclosureKind:
        """Branded content decides where both are on."""
        if self.is_branded:
            return DisclosureKind.BRANDED_CONTENT
        return DisclosureKind.YOUR_BRAND if self.is_organic else DisclosureKind.NONE

    @property
    def label(self) -> str | None:
        """The label that TikTok puts on the post, None: none; both toggles together make a paid partnership."""
        return _LABELS.get(self.kind)

    def notice(self, type_: str) -> str | None:
        """What a screen says of the label."""
        return f"Your {type_} will be labeled as '{self.label}'." if self.label else None
