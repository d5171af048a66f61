"""The addresses of the public internet, and those that an operator allows besides.

The lists are IANA's registries of special-purpose addresses (RFC 6890 and its updates); what is not known to be public is
not. An IPv6 address that contains an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is never public here: the
translation cannot be seen.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, but to Azure's machines the host they run on
        "169.254.0.0/16",  # link-local, metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only assigned part of IPv6: loopback, mapped, NAT64, link-local, site-local, unique local are outside."""

_PORTS = {"https": 443, "http": 80}


def is_public(address: Address) -> bool:
    """Returns True if the address is on the public internet."""
    if isinstance(address, IPv6Address) and (address.scope_id or address not in _GLOBAL_UNICAST):
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which URLs of clients are fetched: public addresses by https on its port, and what an operator adds.

    In `networks` any port may be connected to; `ports` are allowed everywhere.
    """

    allow_http: bool = False
    ports: frozenset[int] = frozenset()
    networks: tuple[Network, ...] = ()

    def allows_scheme(self, scheme: str) -> bool:
        """Returns True if the scheme is allowed."""
        return scheme == "https" or (scheme == "http" and self.allow_http)

    def allows_port(self, scheme: str, port: int) -> bool:
        """Returns True if the port is allowed at any public address."""
        return port == _PORTS[scheme] or port in self.ports

    def allows(self, address: Address, scheme: str, port: int) -> bool:
        """Returns True if this port of this address is allowed."""
        if isinstance(address, IPv6Address) and address.scope_id:
            return False
        if any(address in network for network in self.networks if network.version == address.version):
            return True
        return is_public(address) and self.allows_port(scheme, port)
