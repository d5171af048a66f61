"""The errors of queues."""

from tiktok_api.errors import Conflict


class NoFreeSlot(Conflict):
    message = "This account has no free slot in the next {years} years: give it more weekly times."


class PostWithoutAccount(Conflict):
    message = "A post without an account has no queue; name its targets first."
