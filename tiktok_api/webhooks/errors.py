"""The refusals of a webhook."""

from tiktok_api.errors import Unauthorized


class WebhookNotSigned(Unauthorized):
    message = "This was not signed by TikTok with this app's secret."
