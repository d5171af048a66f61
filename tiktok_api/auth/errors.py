"""What auth refuses."""

from tiktok_api.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized


class EmailTaken(Conflict):
    message = "There is an account with this e-mail address already; sign in instead."


class RegistrationClosed(Forbidden):
    message = "This server takes no new accounts."


class WrongCredentials(Unauthorized):
    message = "The e-mail address or the password is wrong."


class InvalidToken(Unauthorized):
    message = "This token is not valid here; sign in again."


class TokenExpired(Unauthorized):
    message = "This token has expired; refresh it or sign in again."


class ApiKeyExpired(Unauthorized):
    message = "This API key has expired; make a new one."


class SessionEnded(Unauthorized):
    message = "This session has ended; sign in again."


class RefreshTokenReused(Unauthorized):
    message = "This refresh token was used before; the session has been ended to be safe. Sign in again."


class ScopeTooNarrow(Forbidden):
    message = "This token does not have the scope {scope}."


class SessionRequired(Forbidden):
    message = "Only a person who is signed in may do that, not an API key."


class KeyConfined(Forbidden):
    message = "This API key is confined to some accounts and cannot do what is about others."


class WrongPassword(Invalid):
    message = "That is not your password."


class EmailNotVerified(Forbidden):
    message = "Confirm your address first, with the token from our e-mail; registering again sends another one."


class UserUnknown(NotFound):
    message = "There is no user with the address {email}."


class UserDisabled(Forbidden):
    message = "The operator of this server has disabled your account."


class RecentSignInRequired(Forbidden):
    message = "You signed in more than 10 minutes ago: send your password as `current_password` in a JSON body, or sign in again."


class LinkNotValid(Invalid):
    message = "This token was used, has expired or was replaced by a newer one; ask for another e-mail."


class WeakPassword(Invalid):
    message = "Choose a password that is harder to guess."


class TooManyKeys(Conflict):
    message = "You have {most} API keys already; revoke one first."


class ExpiryPassed(Invalid):
    message = "This time has passed already."


class UnknownAccount(Invalid):
    message = "You have no account with this id."
