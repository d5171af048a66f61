"""POST /media/import with URLs that lead to forbidden places: no connection is made"""

import pytest

from tests.outbound.stub_servers import Source, answering, listening_for_connections, spell
from tests.web.problems import assert_problem

# {port}: where something of ours listens that must hear nothing; it may be connected to at public addresses.
SEEN_AT_ONCE = {
    "url_address_forbidden": [
        # this machine
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1./",
        "http://127.255.255.254:{port}/",
        "http://0.0.0.0:{port}/",
        "http://0.1.2.3/",
        "http://[::1]:{port}/",
        "http://[::]:{port}/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
        # private networks
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.0.1:{port}/",
        "http://[fc00::1]/",
        "http://[fd12:3456:789a::1]/",
        "http://[fec0::1]/",
        "http://100.64.0.1/",
        "http://100.127.255.254/",
        # metadata services
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "https://169.254.170.2/v2/credentials",
        "http://100.100.100.200/latest/meta-data/",
        "http://192.0.0.192/opc/v1/instance/",
        "http://168.63.129.16/machine?comp=goalstate",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[fe80::a9fe:a9fe]/",
        "http://[::ffff:169.254.169.254]/",
        # IPv4 inside IPv6
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[::127.0.0.1]/",
        "http://[::7f00:1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[64:ff9b:1::10.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[2001::7f00:1]/",
        "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        # for documentation only
        "http://192.0.2.1/",
        "http://198.51.100.1/",
        "http://203.0.113.1/",
        "http://198.18.0.1/",
        "http://192.88.99.1/",
        "http://224.0.0.1/",
        "http://239.255.255.250:{port}/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[2001:db8::1]/",
        "http://[2001:2::1]/",
        "http://[2001:10::1]/",
        "http://[3fff::1]/",
        "http://[ff02::1]/",
        "http://[100::1]/",
        "http://[5f00::1]/",
        "http://[4000::1]/",
        # full-width digits and dots, which become plain ones
        "http://１２７.０.０.１:{port}/",
        "http://127。0。0。1/",
        "http://①②⑦.0.0.1/",
    ],
    "url_malformed": [
        # other notations, which resolvers take for addresses
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0x7F.0x0.0x0.0x1/",
        "http://017700000001/",
        "http://0177.0.0.1:{port}/",
        "http://0177.0000.0000.0001/",
        "http://127.1:{port}/",
        "http://127.0.1/",
        "http://0:{port}/",
        "http://0x0/",
        "http://0x/",
        "http://127.0.0.01/",
        "http://127.0.0.1../",
        "http://127.0.0.256/",
        "http://3232235521/",
        "http://1.2.3.4.5/",
        "http://10.1.0x1/",
        "http://[::1%25lo]:{port}/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[v1.fe80]/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://::1/",
        "http://[::1]:{port}:80/",
        "http://[::1]evil/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:８０/",
        "http://127.0.0.1:+80/",
        # what readers understand differently
        "http://public.example\\@127.0.0.1/",
        "http:\\\\127.0.0.1\\",
        "http://127.0.0.1\t/",
        "http://127.0.0.1\n/",
        " http://127.0.0.1/",
        "http://127.0.0.1 /",
        "http://127.0.0.1\u0001.public.example/",
        "http://127.0.0.1%00.public.example/",
        "http://%31%32%37.0.0.1/",
        "http://loc%61lhost/",
        "http:///127.0.0.1/",
        "http:127.0.0.1/",
        "http:/127.0.0.1/",
        "//127.0.0.1/",
        "127.0.0.1:{port}/",
        "http://",
        "http://./",
        "http://../",
        "http://-a.example/",
        "http://a..b.example/",
        "http://a,b.example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://xn--\u00fc.example/",
        "video.mp4",
        "/etc/passwd",
    ],
    "url_has_credentials": [
        "http://public.example@127.0.0.1:{port}/",
        "http://127.0.0.1@public.example/",
        "http://user:password@public.example/",
        "http://@127.0.0.1/",
        "http://public.example:80@127.0.0.1:{port}/",
        "http://public.example%40@127.0.0.1/",
    ],
    "url_scheme_unsupported": [
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
        "unix:/run/api.sock",
        "ftp://public.example/video.mp4",
        "gopher://127.0.0.1:{port}/_GET",
        "dict://127.0.0.1:{port}/",
        "ldap://127.0.0.1/",
        "jar:http://127.0.0.1!/",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "ws://127.0.0.1:{port}/",
        "netdoc:///etc/passwd",
        "s3://bucket/key",
        "about:blank",
    ],
    "url_port_forbidden": [
        "http://8.8.8.8:22/",
        "https://public.example:25/",
        "http://public.example:6379/",
        "http://[2606:4700:4700::1111]:11211/",
    ],
}

FORBIDDEN_ADDRESSES = [
    ["127.0.0.1"],
    ["127.0.0.53"],
    ["0.0.0.0"],  # noqa: S104  # to be refused, not bound to
    ["::1"],
    ["::"],
    ["10.1.2.3"],
    ["172.20.0.1"],
    ["192.168.1.1"],
    ["169.254.169.254"],
    ["100.64.0.1"],
    ["168.63.129.16"],
    ["fd00:ec2::254"],
    ["fe80::1"],
    ["fe80::1%1"],
    ["2606:4700::1%1"],
    ["::ffff:127.0.0.1"],
    ["::ffff:8.8.8.8"],
    ["::127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["64:ff9b::808:808"],
    ["64:ff9b:1::a00:1"],
    ["2002:7f00:1::"],
    ["2001:0:7f00:1::"],
    ["fec0::1"],
    ["ff02::1"],
    ["224.0.0.251"],
    ["255.255.255.255"],
    ["240.0.0.1"],
    ["198.18.0.1"],
    ["8.8.8.8", "127.0.0.1"],
    ["127.0.0.1", "8.8.8.8"],
    ["2606:4700:4700::1111", "::1"],
]


@pytest.fixture
def trap(source):
    """What listens on every address of this machine."""
    return source(answering(spell(body=b"inside")), host="::")


@pytest.fixture
def fetcher(make_fetcher, trap):
    """As strict as in production, but for http and the trap's own port, so that it is the address that is refused."""
    return make_fetcher(networks=(), ports=frozenset({trap.port}))


def test_what_can_be_seen_in_the_url_is_refused_at_once(owner, run_jobs, trap, names):
    urls = [(code, url.replace("{port}", str(trap.port))) for code, urls in SEEN_AT_ONCE.items() for url in urls]
    assert len(urls) > 120
    answers = {}

    with listening_for_connections() as heard:
        for code, url in urls:
            problem = assert_problem(owner.post("/media/import", json={"url": url}), 422, "import_url_refused")
            [fault] = problem["errors"]
            answers[url] = (code, fault["code"], fault["pointer"])
        run_jobs()

    wrong = {url: answer for url, answer in answers.items() if answer[1:] != (answer[0], "/url")}
    assert wrong == {}
    assert (heard, trap.connections, names.asked) == ([], 0, [])
    assert owner.get("/media").json["data"] == []


def test_names_of_forbidden_addresses_are_looked_up_and_left_alone(owner, begin, finish, trap, names):
    ends = {}

    with listening_for_connections() as heard:
        for number, addresses in enumerate(FORBIDDEN_ADDRESSES):
            names.give(f"{number}.hostile.example", addresses)
            media = finish(begin(f"http://{number}.hostile.example:{trap.port}/video.mp4"), hours=1)
            ends[str(addresses)] = media["rejection"]

    assert {end["code"] for end in ends.values()} == {"import_address_forbidden"}
    assert (heard, trap.connections) == ([], 0)
    assert not any(address in str(end["message"]) for end in ends.values() for [address, *_] in FORBIDDEN_ADDRESSES)


@pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "ⓛocalhost", "bücher.example", "a_b.example"])
def test_names_are_looked_up_as_a_resolver_would_see_them(begin, finish, trap, names, host):
    seen = {"LOCALHOST": "localhost", "localhost.": "localhost", "ⓛocalhost": "localhost"}
    expected = seen.get(host, "xn--bcher-kva.example" if "ü" in host else host)
    names.give(expected, ["127.0.0.1"])

    media = finish(begin(f"http://{host}:{trap.port}/"), hours=1)

    assert names.asked == [expected]
    assert media["rejection"]["code"] == "import_address_forbidden"
    assert trap.connections == 0


class TestRedirects:
    """From a server that may be asked to one that may not."""

    @pytest.fixture
    def fetcher(self, make_fetcher):
        return make_fetcher()

    def test_a_redirect_leads_nowhere_that_a_url_may_not(self, source, imports, names, trap):
        names.give("inside.example", ["127.0.0.2"])
        names.give("mixed.example", ["127.0.0.1", "::1"])
        locations = [
            "http://127.0.0.2:{port}/",
            "http://[::1]:{port}/",
            "http://[::ffff:127.0.0.1]:{port}/",
            "http://0:{port}/",
            "http://2130706433:{port}/",
            "http://0x7f.1:{port}/",
            "//127.0.0.2:{port}/",
            "\\\\127.0.0.2:{port}\\",
            "http://169.254.169.254/latest/meta-data/",
            "http://[64:ff9b::7f00:1]:{port}/",
            "http://inside.example:{port}/",
            "http://mixed.example:{port}/",
            "http://user@127.0.0.1:{port}/",
            "https://inside.example:{port}/",
            "file:///etc/passwd",
            "unix:///var/run/docker.sock",
            "gopher://127.0.0.1:{port}/_",
            "ftp://127.0.0.1:{port}/",
            "data:video/mp4,x",
            "http://",
            "http://[",
            "http://127.0.0.1:99999/",
        ]
        server, ends = source(answering(spell())), {}

        with listening_for_connections() as heard:
            for location in locations:
                there = location.replace("{port}", str(trap.port))
                server.play = answering(spell("302 Found", Location=there), spell(body=b"followed"))
                ends[location] = imports.finish(imports.begin(server.url()), hours=1)["rejection"]

        wrong = {location: end for location, end in ends.items() if end["code"] != "import_redirect_forbidden"}
        assert wrong == {}
        places = [place for event, place in heard if event == "socket.connect"]
        assert places == [("127.0.0.1", server.port)] * len(locations)
        assert trap.connections == 0

    def test_a_name_that_moves_inside_between_two_attempts_is_left_alone(self, source, begin, finish, names):
        server = source(answering(spell("503 Later")))
        inside = Source(answering(spell(body=b"inside")), host="127.0.0.2", port=server.port)
        names.give("rebinding.example", ["127.0.0.1"], ["127.0.0.2"])

        media = finish(begin(server.url(host="rebinding.example")))
        inside.close()

        assert media["rejection"]["code"] == "import_address_forbidden"
        assert names.asked == ["rebinding.example"] * 2
        assert (server.connections, inside.connections) == (1, 0)
