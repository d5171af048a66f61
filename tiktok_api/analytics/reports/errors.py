"""Refusals of reports and their schedules."""

from tiktok_api.errors import Conflict, Invalid


class SubjectNotOne(Invalid):
    message = "Name exactly one of account_id, tag and label."


class AccountNotYours(Invalid):
    message = "You have no such account."


class MonthNotBegun(Invalid):
    message = "{month} has not begun yet in {timezone}."


class MonthTooEarly(Invalid):
    message = "Reports are made of {earliest} and later months."


class WebhookUrlRefused(Invalid):
    message = "{reason}"


class NothingToDeliver(Invalid):
    message = "Set `mail`, `webhook_url` or both, or a report would be made that is sent nowhere."


class TooManyReports(Conflict):
    message = "You keep {most} reports already; delete some first."


class TooManySchedules(Conflict):
    message = "You have {most} schedules already; delete some first."


class ReportNotReady(Conflict):
    message = "This report is {status}; its content is there once it is ready."
