"""The errors of posts and publications."""

from tiktok_api.errors import Conflict, Gone, Invalid, Unavailable


class NotPublishable(Invalid):
    message = "TikTok would refuse this post; every reason is listed under errors."


class PublishTimePassed(Invalid):
    message = "This time has passed already."


class LocalTimeMissing(Invalid):
    message = "This local time does not exist there: the clocks jump over it. It could be {before} or {after}."


class LocalTimeTwice(Invalid):
    message = "This local time exists twice there: the clocks are set back. It could be {before} or {after}."


class UnknownTarget(Invalid):
    message = "No such account or media of yours."


class WindowNotPossible(Invalid):
    message = "This window of days cannot be shown."


class PhotoWithdrawn(Gone):
    message = "This photo is no longer offered: the attempt to post it has ended."


class PhotoNotReady(Unavailable):
    message = "This photo is not offered yet; ask again."


class ExternalIdTaken(Invalid):
    message = "Another post of yours has this external_id."


class PostNotMovable(Conflict):
    message = "A post that is {status} can no longer be changed or rescheduled."


class PostInProgress(Conflict):
    message = "A post that is {status} cannot be deleted: TikTok may have it yet; cancel it, or settle what is unconfirmed, first."


class NothingToCancel(Conflict):
    message = "A post that is {status} has nothing left to cancel."


class NothingToRetry(Conflict):
    message = "None of this post's publications has failed."


class PublicationNotUnconfirmed(Conflict):
    message = "Only an unconfirmed publication can be settled by a person; this one is {state}."


class TooManyFeeds(Conflict):
    message = "You have {most} calendar feeds already; revoke one first."
