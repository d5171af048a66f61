"""A report as a file: `wording` turns numbers and reasons into words, `page` makes HTML of them and `paper` PDF, `responses` hands it out.

Both have the same words in the same order, from templates beside them. What people wrote reaches HTML escaped and Typst as data.
"""

from tiktok_api.analytics.reports.content import ReportContent
from tiktok_api.analytics.reports.models import ReportFormat
from tiktok_api.analytics.reports.rendering import page, paper


def render(content: ReportContent, form: ReportFormat) -> bytes:
    """The file of a report."""
    return page.write(content) if form is ReportFormat.HTML else paper.write(content)
