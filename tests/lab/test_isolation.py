"""Attempts to be another server, or to reach the metadata service from where it must not be reached. None succeeds."""

import base64
import json
import subprocess
from typing import Any

import pytest

from tests.lab.stepping import TOKEN, Lab
from tests.live.operator import NEW, Operator

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

VICTIM, ATTACKER = "web-1", "web-2"
NO_ANSWER = [None, "no answer"]


@pytest.fixture(scope="module")
def victim(lab: Lab) -> dict[str, Any]:
    entry = lab.entry(VICTIM)
    assert entry
    return entry


@pytest.fixture(scope="module")
def stolen(lab: Lab) -> str:
    """An identity token of the victim, as it was read from its memory."""
    token: str = lab.program(VICTIM, "say(ask()[1]['access_token'])")
    return token


def server_in(token: str) -> str:
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return str(claims["iaas"]["instanceID"])


def test_each_server_is_itself(lab: Lab, victim: dict[str, Any]) -> None:
    attacker = lab.entry(ATTACKER)
    assert attacker
    assert server_in(lab.program(VICTIM, "say(ask()[1]['access_token'])")) == victim["id"]
    assert server_in(lab.program(ATTACKER, "say(ask()[1]['access_token'])")) == attacker["id"]


# --- another server's identity -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["{address}", "127.64.0.1", "127.64.0.1:8169", "web-1", "localhost", "evil.example"])
def test_the_host_header_does_not_make_another_server(lab: Lab, victim: dict[str, Any], host: str) -> None:
    """The last one is what a browser sends whose name server was made to lie."""
    answer = lab.program(ATTACKER, f"say(ask(Host={host.format(**victim)!r}))")
    assert (answer[0], answer[1]["errors"][0]["code"]) == (400, "invalid_value")
    assert answer[1]["errors"][0]["target"]["name"] == "Host"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_forwarding_header_does_not_make_another_server(lab: Lab, victim: dict[str, Any], header: str) -> None:
    answer = lab.program(ATTACKER, f"say(code(ask(**{{{header!r}: {victim['address']!r}}})))")
    assert answer == [403, "unauthorized"]


BOUND = """
    run("ip", "addr", "add", "{address}/32", "dev", "{device}")
    try:
        sock = socket.socket()
        sock.settimeout(3)
        sock.bind(("{address}", 0))
        try:
            sock.connect(("169.254.169.254", 80))
            say([200, "connected"])
        except OSError as error:
            say([None, "no answer"])
    finally:
        run("ip", "addr", "del", "{address}/32", "dev", "{device}")
"""


@pytest.mark.parametrize("device", ["eth0", "lo"])
def test_another_servers_address_as_an_alias_does_not_reach_the_service(
    lab: Lab, victim: dict[str, Any], device: str
) -> None:
    assert lab.program(ATTACKER, BOUND.format(address=victim["address"], device=device)) == NO_ANSWER


def test_another_servers_address_instead_of_the_own_does_not_reach_the_service(
    lab: Lab, victim: dict[str, Any]
) -> None:
    attacker = lab.entry(ATTACKER)
    assert attacker
    answer = lab.program(
        ATTACKER,
        f"""
        route = ("169.254.169.254/32", "dev", "eth0", "scope", "link", "src")
        run("ip", "addr", "add", "{victim["address"]}/32", "dev", "eth0")
        run("ip", "route", "replace", *route, "{victim["address"]}")
        try:
            say(code(ask()))
        finally:
            run("ip", "route", "replace", *route, "{attacker["address"]}")
            run("ip", "addr", "del", "{victim["address"]}/32", "dev", "eth0")
        """,
    )
    assert answer == NO_ANSWER


RAW = """
    def checksum(data):
        total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
        total = (total >> 16) + (total & 0xffff)
        return ~(total + (total >> 16)) & 0xffff

    def opening(source, port):
        here, there = socket.inet_aton(source), socket.inet_aton("169.254.169.254")
        tcp = struct.pack("!HHIIBBHHH", port, 80, 1, 0, 5 << 4, 2, 8192, 0, 0)
        total = checksum(here + there + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, here, there) + tcp

    def answers(source):
        # Does a packet come back, on any device, for a connection opened from this address?
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        ear.settimeout(0.2)
        mouth = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        mouth.sendto(opening(source, 40404), ("169.254.169.254", 0))
        give_up_at = time.monotonic() + 2
        while time.monotonic() < give_up_at:
            try:
                packet = ear.recv(2048)
            except TimeoutError:
                continue
            if packet[12:16] == socket.inet_aton("169.254.169.254") and packet[22:24] == struct.pack("!H", 40404):
                return True
        return False

    say([answers(each) for each in @SOURCES@])
"""


def test_packets_forged_on_a_raw_socket_do_not_reach_the_service(lab: Lab, victim: dict[str, Any]) -> None:
    attacker = lab.entry(ATTACKER)
    assert attacker
    forged = [victim["address"], "169.254.169.254", "127.0.0.1", "166.9.0.1", "10.240.64.99"]
    own, *others = lab.program(ATTACKER, RAW.replace("@SOURCES@", repr([attacker["address"], *forged])))
    assert own, "the test's own packets are good"
    assert others == [False] * len(forged)


@pytest.mark.parametrize(
    "path",
    [
        "/identity/v1/token/{id}",
        "/{id}/identity/v1/token",
        "/127.64.0.1/identity/v1/token",
        "/metadata/v1/bare_metal_servers/{id}/../../../identity/v1/token",
        "/v1/bare_metal_servers/{id}",
    ],
)
def test_the_path_does_not_make_another_server(lab: Lab, victim: dict[str, Any], path: str) -> None:
    url = f"http://169.254.169.254{path.format(**victim)}?version={NEW}"
    assert lab.program(ATTACKER, f"say(code(ask({url!r})))") == [404, "not_found"]


@pytest.mark.parametrize("leaf", ["", "/initialization"])
def test_metadata_of_another_server_is_refused(lab: Lab, victim: dict[str, Any], leaf: str) -> None:
    url = f"http://169.254.169.254/metadata/v1/bare_metal_servers/{victim['id']}{leaf}?version={NEW}"
    program = f"""
        bearer = "Bearer " + ask()[1]["access_token"]
        say(code(ask({url!r}, method="GET", Authorization=bearer)))
    """
    assert lab.program(ATTACKER, program) == [403, "unauthorized"]


def test_another_server_in_the_query_or_the_body_is_refused(lab: Lab, victim: dict[str, Any]) -> None:
    assert lab.program(ATTACKER, f"say(code(ask(TOKEN + '&id={victim['id']}')))") == [400, "unknown_field"]
    body = json.dumps({"id": victim["id"]}).encode()
    assert lab.program(ATTACKER, f"say(code(ask(body={body!r})))") == [400, "unknown_field"]


def test_a_request_line_that_names_another_host_does_not_make_another_server(lab: Lab) -> None:
    # D-22
    reply = lab.program(
        ATTACKER,
        """
        sock = socket.create_connection(("169.254.169.254", 80), timeout=3)
        sock.sendall(b"PUT http://127.64.0.1/identity/v1/token?version=2025-08-26 HTTP/1.1\\r\\n"
                     b"Host: 127.64.0.1\\r\\nMetadata-Flavor: ibm\\r\\nContent-Length: 0\\r\\n\\r\\n")
        say(sock.recv(4096).split(b"\\r\\n")[0].decode())
        """,
    )
    assert reply == "HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize("operation", ["iam_tokens", "certificates"])
def test_the_identity_token_of_another_server_is_refused(lab: Lab, stolen: str, operation: str) -> None:
    url = f"http://169.254.169.254/identity/v1/{operation}?version={NEW}"
    answer = lab.program(ATTACKER, f"say(code(ask({url!r}, 'POST', b'{{}}', Authorization='Bearer {stolen}')))")
    assert answer == [401, "unauthenticated"]


def test_servers_with_the_same_address_in_two_vpcs_are_told_apart(lab: Lab, operator: Operator) -> None:
    twins = [make_twin(operator, name) for name in ("twin-a", "twin-b")]
    entries = [lab.await_server(each["id"]) for each in twins]
    assert entries[0]["address"] == entries[1]["address"]
    tokens = [lab.program(each["id"], "say(ask()[1]['access_token'])") for each in twins]
    assert [server_in(token) for token in tokens] == [each["id"] for each in twins]


def make_twin(operator: Operator, name: str) -> dict[str, Any]:
    """A server in a VPC of its own, with the first address of a range that the other one uses too."""
    vpc = operator.vpc.create_vpc(name=name, address_prefix_management="manual").get_result()
    zone = {"name": "us-south-1"}
    operator.vpc.create_vpc_address_prefix(vpc["id"], cidr="10.77.0.0/24", zone=zone)
    subnet = operator.vpc.create_subnet(
        {"name": name, "vpc": {"id": vpc["id"]}, "zone": zone, "ipv4_cidr_block": "10.77.0.0/24"}
    ).get_result()
    prototype = {**operator.prototype(), "name": name, "zone": zone}
    prototype["primary_network_interface"] = {"subnet": {"id": subnet["id"]}}
    server = operator.vpc.create_bare_metal_server({**prototype, "vpc": {"id": vpc["id"]}}).get_result()
    operator.await_status(server["id"], "running")
    operator.switch(server["id"], enabled=True)
    return dict(server)


# --- the service from elsewhere ------------------------------------------------------------------------------------


def test_the_host_does_not_reach_the_service_as_a_server(lab: Lab, victim: dict[str, Any]) -> None:
    """The host may have a metadata service of its own at that address; it is not ours."""
    for address in ("169.254.169.254", victim["address"], "166.9.0.1"):
        url = TOKEN.replace("169.254.169.254", address)
        command = ["curl", "-s", "--max-time", "2", "--noproxy", "*", "-X", "PUT", "-H", "Metadata-Flavor: ibm", url]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "access_token" not in process.stdout
        assert '"trace"' not in process.stdout


PROXY = """
    import http.server, threading

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            status, said = ask(self.path, X_Forwarded_For=self.client_address[0])
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said):
            pass

    server = http.server.ThreadingHTTPServer(("0.0.0.0", 3128), Proxy)
    say("listening")
    server.serve_forever()
"""
THROUGH_PROXY = """
    os.environ["http_proxy"] = "http://%s:3128"
    say(code(ask()))
"""


def test_a_forwarding_proxy_in_another_server_does_not_pass_for_it(lab: Lab, victim: dict[str, Any]) -> None:
    with lab.running(VICTIM, PROXY) as proxy:
        assert proxy.stdout
        assert json.loads(proxy.stdout.readline()) == "listening"
        assert lab.program(ATTACKER, THROUGH_PROXY % victim["address"]) == NO_ANSWER
        assert lab.program(VICTIM, THROUGH_PROXY % "127.0.0.1") == [403, "unauthorized"]


CONTAINER = """
# A container in the server: a network of its own, which has the server's address, behind the server as its router.
# So nothing but the distance differs.
address = "%s"
holder = subprocess.Popen(["unshare", "--net", "sleep", "60"])
while os.readlink("/proc/%%d/ns/net" %% holder.pid) == os.readlink("/proc/self/ns/net"):
    time.sleep(0.02)
inside = ("nsenter", "--net=/proc/%%d/ns/net" %% holder.pid)
try:
    run("ip", "link", "add", "inner", "type", "veth", "peer", "name", "outer", "netns", str(holder.pid))
    run("ip", "link", "set", "inner", "up")
    run(*inside, "ip", "addr", "add", address + "/32", "dev", "outer")
    run(*inside, "ip", "link", "set", "outer", "up")
    run(*inside, "ip", "route", "add", "default", "dev", "outer")
    for setting in ("all/forwarding", "all/proxy_arp", "all/accept_local", "inner/proxy_arp", "eth0/proxy_arp"):
        open("/proc/sys/net/ipv4/conf/" + setting, "w").write("1")
    run("ip", "addr", "del", address + "/32", "dev", "eth0")
    run("ip", "route", "replace", "169.254.169.254/32", "dev", "eth0", "scope", "link")
    run("ip", "route", "add", address + "/32", "dev", "inner")
    program = '''
import json, socket, struct, sys
def echo():
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.settimeout(3)
    head = struct.pack("!BBHHH", 8, 0, 0, 1, 1)
    sock.sendto(struct.pack("!BBHHH", 8, 0, ~sum(struct.unpack("!4H", head)) & 0xffff, 1, 1), ("169.254.169.254", 0))
    try:
        return bool(sock.recv(1024))
    except TimeoutError:
        return False
def connect():
    try:
        socket.create_connection(("169.254.169.254", 80), timeout=3).close()
        return True
    except OSError:
        return False
echo()
print(json.dumps([echo(), connect()]))
'''
    said = subprocess.run([*inside, "python3", "-c", program], capture_output=True, text=True)
    say(json.loads(said.stdout or json.dumps(said.stderr)))
finally:
    holder.kill()
    holder.wait()
    run("ip", "addr", "replace", address + "/32", "dev", "eth0")
    for there in ("169.254.169.254", "166.9.0.1"):
        run("ip", "route", "replace", there + "/32", "dev", "eth0", "scope", "link", "src", address)
    for setting in ("all/forwarding", "all/proxy_arp", "all/accept_local", "eth0/proxy_arp"):
        open("/proc/sys/net/ipv4/conf/" + setting, "w").write("0")
"""


def test_answers_get_no_further_than_the_server(lab: Lab) -> None:
    # D-90
    """A ping comes back from there, so the way is open; an answer of the service dies on it."""
    attacker = lab.entry(ATTACKER)
    assert attacker
    assert lab.program(ATTACKER, CONTAINER % attacker["address"]) == [True, False]
    assert lab.program(ATTACKER, "say(ask()[0])") == 200


def test_servers_do_not_reach_each_other(lab: Lab, victim: dict[str, Any]) -> None:
    # D-93
    with lab.running(VICTIM, "say(socket.create_server(('', 8080)).fileno()); time.sleep(60)") as listener:
        assert listener.stdout
        listener.stdout.readline()
        connect = f"""
            run("ip", "route", "replace", "{victim["address"]}/32", "dev", "eth0", "scope", "link")
            try:
                socket.create_connection(("{victim["address"]}", 8080), timeout=3)
                say("connected")
            except OSError:
                say("no answer")
            finally:
                run("ip", "route", "del", "{victim["address"]}/32", "dev", "eth0")
        """
        assert lab.program(ATTACKER, connect) == "no answer"


# --- the machine around it -----------------------------------------------------------------------------------------


def test_the_data_directory_is_out_of_sight_even_for_the_servers_root(lab: Lab) -> None:
    home = lab.product.home
    uncover = f"umount {home}; umount -l {home}; mount -t tmpfs none {home.parent}; ls -A {home}; umount {home.parent}"
    assert lab.attempt(ATTACKER, "sh", "-c", uncover).stdout == ""


def test_no_process_of_another_server_is_in_sight(lab: Lab) -> None:
    with lab.running(VICTIM, "time.sleep(60)"):
        names = lab.run(ATTACKER, "sh", "-c", "cat /proc/[0-9]*/comm").split()
    assert sorted(set(names) - {"sh", "cat"}) == ["sleep"]


def test_nothing_of_the_caller_comes_along_but_who_and_where(lab: Lab) -> None:
    lab.product.environment |= {"HTTPS_PROXY": "http://proxy.example", "IBMCLOUD_API_KEY": "secret", "VPC_URL": "x"}
    try:
        names = {line.partition("=")[0] for line in lab.run(ATTACKER, "env").splitlines()}
    finally:
        for name in ("HTTPS_PROXY", "IBMCLOUD_API_KEY", "VPC_URL"):
            del lab.product.environment[name]
    trust = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}
    terminal = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LANGUAGE", "TZ"}
    assert trust <= names
    assert {name for name in names - trust - terminal if not name.startswith("LC_")} == set()
