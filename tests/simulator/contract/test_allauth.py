"""A TikTok sign-in of another project, django-allauth, completes against the simulator."""

import json
import subprocess
import sys
from pathlib import Path

SITE = Path(__file__).with_name("allauth_site.py")


def test_django_allauth_signs_a_person_in_with_nothing_changed_but_urls(web_client):
    web_client.control.change_app(
        web_client.client_key, redirect_uris=["https://app.example/accounts/tiktok/login/callback/"]
    )

    run = subprocess.run(
        [sys.executable, str(SITE), web_client.tiktok.url], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    site = json.loads(run.stdout)
    assert site["authorize"] is True
    assert site["landed"] == [302, "/welcome/"]
    assert site["signed_in_as"] == str(site["user"])
    assert site["username"] == "grace"
    assert site["uid"] == web_client.control.creator("grace")["consents"][0]["open_id"]
    assert site["data"]["display_name"] == "Grace H."
    granted = web_client.control.creator("grace")["consents"][0]["scopes"]
    assert sorted(granted) == ["user.info.basic", "user.info.profile"]
