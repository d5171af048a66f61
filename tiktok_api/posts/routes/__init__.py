"""The endpoints of posts: of a post and its publications, of its validation, and of what an account can post."""

from tiktok_api.posts.bulk import routes as bulk
from tiktok_api.posts.queue_slots import routes as queue_slots
from tiktok_api.posts.recurrences import routes as recurrences
from tiktok_api.posts.routes import accounts, calendar, posts, validation

BLUEPRINTS = (
    posts.blp,
    bulk.blp,
    posts.publications,
    validation.blp,
    accounts.blp,
    calendar.blp,
    recurrences.blp,
    *queue_slots.BLUEPRINTS,
)
