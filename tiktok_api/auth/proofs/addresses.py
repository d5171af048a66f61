"""Which e-mail addresses are the same, and which network addresses count as one place."""

from ipaddress import IPv6Address, ip_address, ip_network

from tiktok_api.auth.passwords import normalise

_SITE_BITS = {4: 24, 6: 48}
"""What one customer of a provider may hold: RFC 6177 gives a site up to a /48."""


def email_key(email: str) -> str:
    """Returns the address as it is compared: normalised, in lower case, its domain as DNS knows it."""
    folded = normalise(normalise(email.strip()).casefold())
    local, at, domain = folded.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:  # no domain at all: no user has it
        return folded


def site_of(address: str) -> str:
    """Returns the network by which the emails that a client has sent are counted: its /24, or its /48 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed.packed, _SITE_BITS[parsed.version]), strict=False))
