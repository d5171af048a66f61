"""The endpoints of posts: of a post and its publications, and of what an account can post."""

from tiktok_api.posts.bulk import routes as bulk
from tiktok_api.posts.routes import accounts, calendar, posts

BLUEPRINTS = (posts.blp, bulk.blp, posts.publications, accounts.blp, calendar.blp)
