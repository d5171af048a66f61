"""verify_webhook() accepts TikTok's signatures alone"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_api.tiktok import InvalidSignature, sign, verify_webhook

SECRET = "sim-client-secret-0001"
BODY = (
    b'{"client_key":"awsimclient0001","event":"post.publish.complete","create_time":1770210873,'
    b'"user_openid":"-000SIMOPENID0001","content":"{\\"publish_id\\":\\"v_pub_file~v2-1.7602997070760331285\\",'
    b'\\"publish_type\\":\\"DIRECT_PUBLISH\\"}"}'
)
SIGNED = "e694acf6f31755920af4b1513c24752714402d7180570249f2902ed1dc96617b"
SENT_AT = datetime.fromtimestamp(1_770_210_874, UTC)
MINUTES = timedelta(minutes=5)


def check(header, body=BODY, *, secret=SECRET, now=SENT_AT):
    return verify_webhook(header, body, client_secret=secret, now=now, tolerance=MINUTES)


def test_the_published_vector_is_genuine():
    assert len(BODY) == 228
    assert sign(BODY, client_secret=SECRET, timestamp=1_770_210_874) == SIGNED
    assert check(f"t=1770210874,s={SIGNED}").timestamp == 1_770_210_874


@pytest.mark.parametrize(
    "header",
    [f"s={SIGNED},t=1770210874", f" t=1770210874 , s={SIGNED.upper()} ", f"t=1770210874,s=00,s={SIGNED},v=2"],
)
def test_the_header_may_be_written_differently(header):
    assert not check(header).is_stale


@pytest.mark.parametrize(("age", "is_stale"), [(-301, True), (-300, False), (0, False), (300, False), (301, True)])
def test_an_old_signature_is_genuine_but_stale(age, is_stale):
    signature = check(f"t=1770210874,s={SIGNED}", now=SENT_AT + timedelta(seconds=age))

    assert signature.is_stale is is_stale


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1770210874",
        f"s={SIGNED}",
        f"t=,s={SIGNED}",
        f"t=soon,s={SIGNED}",
        f"t=-5,s={SIGNED}",
        f"t=١٧٧٠٢١٠٨٧٤,s={SIGNED}",
        f"t={'9' * 400},s={SIGNED}",
        f"t=1770210874,t=1770210875,s={SIGNED}",
        f"t=1770210875,s={SIGNED}",
        "t=1770210874,s=",
        f"t=1770210874,s={SIGNED[:-1]}",
        f"t=1770210874,s={SIGNED[:-1]}c",
        "t=1770210874,s=ü",
        "t=1770210874,s=\udcff",
    ],
)
def test_every_other_signature_is_refused(header):
    with pytest.raises(InvalidSignature):
        check(header)


def test_another_body_or_secret_is_refused():
    with pytest.raises(InvalidSignature):
        check(f"t=1770210874,s={SIGNED}", BODY + b" ")
    with pytest.raises(InvalidSignature):
        check(f"t=1770210874,s={SIGNED}", secret="another")


@given(st.text(), st.binary())
def test_no_header_breaks_it(header, body):
    with pytest.raises(InvalidSignature):
        check(header, body)


@given(st.integers(min_value=0, max_value=999_999_999_999), st.binary(), st.text(min_size=1))
def test_a_valid_signature_is_accepted(timestamp, body, secret):
    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    header = f"t={timestamp},s={sign(body, client_secret=secret, timestamp=timestamp)}"

    assert check(header, body, secret=secret).timestamp == timestamp
