"""The endpoints of posts: of a post and its publications, and of what an account can post."""

from tiktok_api.posts.routes import accounts, calendar, posts

BLUEPRINTS = (posts.blp, posts.publications, accounts.blp, calendar.blp)
