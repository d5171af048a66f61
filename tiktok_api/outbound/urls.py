"""Reading a URL so strictly that no resolver or server can understand it differently.

What browsers correct (backslashes, spaces, missing slashes, numbers as hosts) is refused: a URL must say plainly where it
leads.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, unquote, urljoin

import idna

from tiktok_api.outbound.addresses import Address, Policy
from tiktok_api.outbound.errors import UrlForbidden

LONGEST = 4096

_FORM = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*):"
    r"(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{0,5}))?", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
_NEVER = re.compile(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff\u2028\u2029\ufeff]")
_KEPT = "/?%:@!$&'()*+,;=-._~[]"  # RFC 3986 3.3 and 3.4, brackets as browsers do; the rest is percent-encoded
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: `host` in ASCII without brackets, `address` if the host is written as one, `resource` to request."""

    scheme: str
    host: str
    address: Address | None
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header names them."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def resource(self) -> str:
        """The request target."""
        return self.path + self.query

    @property
    def url(self) -> str:
        """The normalised URL."""
        return f"{self.scheme}://{self.authority}{self.resource}"

    @property
    def shown(self) -> str:
        """The URL without its query, which may hold secrets."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def file_name(self) -> str:
        """The last part of the path, for people; empty where there is none."""
        return unquote(self.path.rpartition("/")[2])


def read(url: str, policy: Policy) -> Target:
    """The target of `url`. Raises UrlForbidden for everything that can be seen without a lookup."""
    if len(url) > LONGEST:
        raise _malformed(f"A URL has at most {LONGEST} characters.")
    if _NEVER.search(url):
        raise _malformed("A URL holds no spaces, control characters or backslashes; percent-encode them.")
    form = _FORM.fullmatch(url)
    if form is None:
        raise _malformed("This is no absolute URL, such as https://example.com/video.mp4.")
    scheme = form["scheme"].lower()
    if not policy.allows_scheme(scheme):
        spoken = "https and http" if policy.allow_http else "https"
        raise UrlForbidden("url_scheme_unsupported", f"Only {spoken} is spoken here.")
    authority = form["authority"] or ""
    if "@" in authority:
        raise UrlForbidden("url_has_credentials", "User names and passwords in a URL are not used; leave them out.")
    host, address, port = _place(authority, scheme)
    target = Target(
        scheme=scheme,
        host=host,
        address=address,
        port=port,
        path=quote(form["path"], safe=_KEPT) or "/",
        query=quote(form["query"] or "", safe=_KEPT),
    )
    _must_be_allowed(target, policy)
    return target


def follow(target: Target, location: str, policy: Policy) -> Target:
    """The target of a redirect from `target` to `location`. Raises UrlForbidden."""
    if len(location) > LONGEST or _NEVER.search(location):
        raise _malformed("The redirect is no URL.")
    if _ABSOLUTE.match(location):  # urljoin would correct it
        return read(location, policy)
    try:
        joined = urljoin(target.url, location)
    except ValueError:
        raise _malformed("The redirect is no URL.") from None
    return read(joined, policy)


def _place(authority: str, scheme: str) -> tuple[str, Address | None, int]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise _malformed("The host of the URL is missing or malformed.")
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65_536:
        raise _malformed("The port of the URL is malformed.")
    host = found["host"]
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1])
        except AddressValueError:
            raise _malformed("The address in the URL is malformed.") from None
        return str(address), address, port
    return *_name_or_address(host), port


def _name_or_address(written: str) -> tuple[str, Address | None]:
    """A name in ASCII, lower case and without its root's dot, or an IPv4 address in its one usual notation.

    Resolvers also read 2130706433, 0x7f.1 and 0177.0.0.1 as addresses; a host that ends in a number is therefore refused
    unless it is in the usual notation.
    """
    try:
        host = written.lower() if written.isascii() else idna.encode(written, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise _malformed("The host name of the URL is malformed.") from None
    host = host.removesuffix(".")
    if _NUMBER.fullmatch(host):
        try:
            address = IPv4Address(host)
        except AddressValueError:
            raise _malformed("An address is written as four decimal numbers.") from None
        return host, address
    if len(host) > _LONGEST_NAME or not _NAME.fullmatch(host):
        raise _malformed("The host name of the URL is malformed.")
    return host, None


def _must_be_allowed(target: Target, policy: Policy) -> None:
    is_usual = policy.allows_port(target.scheme, target.port)
    if target.address is None:
        if not is_usual and not policy.networks:  # else the address decides, once it is known
            raise UrlForbidden("url_port_forbidden", f"Port {target.port} is not connected to.")
    elif not policy.allows(target.address, target.scheme, target.port):
        if policy.allows(target.address, target.scheme, _DEFAULT_PORTS[target.scheme]):
            raise UrlForbidden("url_port_forbidden", f"Port {target.port} is not connected to.")
        raise UrlForbidden("url_address_forbidden", "This address is not on the public internet.")


def _malformed(message: str) -> UrlForbidden:
    return UrlForbidden("url_malformed", message)
