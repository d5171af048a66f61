"""A Django site whose only sign-in is django-allauth's TikTok provider, as installed, pointed elsewhere by its URLs.

Run as a script with the simulator's URL; prints what it knows about the person who signed in, as JSON.
"""

import json
import sys

import django
import requests
from django.conf import settings

HOST = "app.example"


def configure() -> None:
    """The settings that allauth's own installation guide asks for."""
    settings.configure(
        SECRET_KEY="only-for-this-test",
        ALLOWED_HOSTS=[HOST],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.socialaccount.providers.tiktok",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        ACCOUNT_DEFAULT_HTTP_PROTOCOL="https",
        ACCOUNT_EMAIL_VERIFICATION="none",
        SOCIALACCOUNT_LOGIN_ON_GET=True,
        LOGIN_REDIRECT_URL="/welcome/",
        SOCIALACCOUNT_PROVIDERS={
            "tiktok": {"APPS": [{"client_id": "awsimclient0002", "secret": "sim-client-secret-0002", "key": ""}]}
        },
    )


def sign_in(tiktok: str) -> dict[str, object]:
    """Do what a browser would, between the site and TikTok."""
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    browser = Client(SERVER_NAME=HOST)
    to_tiktok = browser.get("/accounts/tiktok/login/", secure=True)
    form = {"creator": "grace", "decision": "allow", "scopes": ["user.info.basic", "user.info.profile"]}
    back = requests.post(to_tiktok["Location"], data=form, allow_redirects=False, timeout=30)
    path = back.headers["Location"].removeprefix(f"https://{HOST}")
    landed = browser.get(path, secure=True)

    from allauth.socialaccount.models import SocialAccount, SocialToken

    account = SocialAccount.objects.get()
    return {
        "authorize": to_tiktok["Location"].startswith(f"{tiktok}/v2/auth/authorize/?"),
        "landed": [landed.status_code, landed.headers.get("Location")],
        "signed_in_as": browser.session.get("_auth_user_id"),
        "user": account.user_id,
        "username": account.user.username,
        "uid": account.uid,
        "data": account.extra_data,
        "tokens": SocialToken.objects.count(),
    }


if __name__ == "__main__":
    configure()
    django.setup()
    from allauth.socialaccount.providers.tiktok.views import TikTokOAuth2Adapter
    from django.urls import include, path

    urlpatterns = [path("accounts/", include("allauth.urls"))]
    TikTokOAuth2Adapter.authorize_url = f"{sys.argv[1]}/v2/auth/authorize/"
    TikTokOAuth2Adapter.access_token_url = f"{sys.argv[1]}/v2/oauth/token/"
    TikTokOAuth2Adapter.profile_url = f"{sys.argv[1]}/v2/user/info/"
    sys.stdout.write(json.dumps(sign_in(sys.argv[1])))
