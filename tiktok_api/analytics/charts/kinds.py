"""The charts that a link may show: where each kind gets its numbers, and what it makes of them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from tiktok_api.analytics import services
from tiktok_api.analytics.charts.drawing.sheet import Headed
from tiktok_api.analytics.charts.labels import Show, series_chart
from tiktok_api.auth.identity import Identity


class ChartKind(StrEnum):
    """What a chart shows; each has a reader in READERS, and a schema in `schemas.ARGUMENTS`."""

    SERIES = "series"


class PictureFormat(StrEnum):
    """What a chart is sent as."""

    SVG = "svg"
    PNG = "png"


def read_series(caller: Identity, *, account_id: UUID, show: Show, **args: Any) -> Headed:
    """One metric of an account over time. Raises NotFound, WindowBackwards, WindowOutOfRange, WindowTooLong."""
    return series_chart(services.get_timeseries(caller, account_id, **args), show)


READERS: Mapping[ChartKind, Callable[..., Headed]] = {ChartKind.SERIES: read_series}
"""Each is called with the reader's identity and the loaded arguments of its kind."""
