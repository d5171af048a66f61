"""Refusals of questions about posts."""

from tiktok_api.errors import Invalid


class TooManyPosts(Invalid):
    message = "More than {most} posts were published in this window; choose a shorter one, or fewer accounts."
