"""The errors of many posts in one request."""

from tiktok_api.errors import BadRequest, Invalid


class MalformedCsv(BadRequest):
    message = "The body is not CSV in UTF-8: {reason}."


class RowsRefused(Invalid):
    message = "{refused} of {total} posts are refused, so none was created; every reason is listed under errors."
