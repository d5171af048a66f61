"""The endpoints of analytics: of one account, of several together, and of the list of an account's videos."""

from tiktok_api.analytics.routes import accounts, selections, videos

BLUEPRINTS = (selections.blp, accounts.blp, videos.blp)
