"""What counts as one client among addresses."""

from ipaddress import IPv6Network, ip_address


def network_of(address: str) -> str:
    """Returns an IPv4 address, or the /64 from which one IPv6 subscriber chooses addresses; anything else as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed.packed[:8] + bytes(8), 64)))
