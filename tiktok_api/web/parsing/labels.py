"""Labels, the free words that a person puts on things."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.web.openapi.json_schemas import NO_CONTROL_CHARACTERS

MOST_LABELS, LONGEST_LABEL = 20, 50


class Label(fields.String):
    """One label, or another name that people give, without spaces around it."""

    def __init__(self, *, longest: int = LONGEST_LABEL, **options: Any) -> None:
        metadata = {"example": "spring campaign"} | options.pop("metadata", {})
        validators = [validate.Length(1, longest), NO_CONTROL_CHARACTERS]
        super().__init__(validate=validators, metadata=metadata, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **kwargs).strip()


class Labels(fields.List[str]):
    """All labels of a thing, as they replace those it had; one that is named twice is kept once."""

    def __init__(self, **options: Any) -> None:
        metadata = {"example": ["spring campaign", "berlin"]} | options.pop("metadata", {})
        super().__init__(Label(), validate=validate.Length(max=MOST_LABELS), metadata=metadata, **options)

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        found = super().deserialize(value, *args, **kwargs)  # as many as were sent are counted
        return list(dict.fromkeys(found)) if isinstance(found, list) else found
