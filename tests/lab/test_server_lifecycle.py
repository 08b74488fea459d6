"""The lab follows the product, leaves nothing behind, and changes nothing of the machine."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.conftest import NewLab
from tests.lab.stepping import Lab
from tests.live.operator import Operator, eventually
from tests.live.product import Product
from tests.process_tree import parent, runs

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]


def machine() -> dict[str, str]:
    """The network and the mounts of this machine, but for what counts on by itself."""
    show = {name: ["ip", "-o", *name.split()] for name in ("address", "link", "route show table all", "rule", "netns")}
    outputs = {name: subprocess.check_output(command, text=True) for name, command in show.items()}
    outputs["address"] = "\n".join(line.partition("valid_lft")[0] for line in outputs["address"].splitlines())
    outputs["forwarding"] = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    outputs["rp_filter"] = Path("/proc/sys/net/ipv4/conf/all/rp_filter").read_text()
    return {**outputs, "mounts": Path("/proc/self/mounts").read_text()}


def processes_of(lab: Lab) -> list[int]:
    """The two of each server that do nothing but live."""
    entries = lab.status().get("servers", [])
    parents = [parent(each["inner"]) for each in entries]
    return [*(each["inner"] for each in entries), *parents]


def alive(processes: list[int]) -> list[int]:
    return [each for each in processes if runs(each)]


# --- servers come and go -------------------------------------------------------------------------------------------


def test_a_new_server_appears_and_a_deleted_one_disappears(lab: Lab, operator: Operator) -> None:
    server = operator.create_server()
    lab.await_server(server["id"])
    assert lab.run(server["id"], "hostname").strip() == server["name"]

    operator.vpc.stop_bare_metal_server(server["id"], type="hard")
    operator.await_status(server["id"], "stopped")
    operator.vpc.delete_bare_metal_server(server["id"])

    assert eventually(lambda: lab.entry(server["id"]) is None)


def test_a_renamed_server_is_renamed_under_the_programs_in_it(lab: Lab, operator: Operator) -> None:
    server = operator.create_server()
    name = f"{server['name']}-new"
    lab.await_server(server["id"])
    with lab.running(server["id"], "time.sleep(60)") as program:
        operator.vpc.update_bare_metal_server(server["id"], {"name": name})
        eventually(lambda: lab.entry(name))
        assert program.poll() is None
    files = "cat /etc/hostname; grep -c NAME /etc/hosts /var/lib/cloud/seed/nocloud/meta-data".replace("NAME", name)
    printed = lab.run(name, "sh", "-c", f"hostname; {files}").split()
    assert printed == [name, name, "/etc/hosts:1", "/var/lib/cloud/seed/nocloud/meta-data:1"]


def test_a_server_whose_init_ends_is_made_again(lab: Lab) -> None:
    before = lab.entry("db-1")
    assert before
    os.kill(before["inner"], signal.SIGKILL)
    after = eventually(lambda: (now := lab.entry("db-1")) and now["inner"] != before["inner"] and now)
    assert lab.run("db-1", "hostname").strip() == "db-1"
    assert after["address"] == before["address"]


def test_a_first_boot_finds_user_data_and_keys(lab: Lab, operator: Operator) -> None:
    user_data = "#cloud-config\nruncmd: [touch /tmp/booted]\n"
    server = operator.create_server(user_data=user_data)
    lab.await_server(server["id"])
    seed = "/var/lib/cloud/seed/nocloud"
    key = operator.vpc.list_keys().get_result()["keys"][0]["public_key"]
    assert lab.run(server["id"], "cat", f"{seed}/user-data") == user_data
    meta_data = lab.run(server["id"], "cat", f"{seed}/meta-data")
    assert meta_data.splitlines() == [
        f'instance-id: "{server["id"]}"',
        f'local-hostname: "{server["name"]}"',
        "public-keys:",
        f'  - "{key}"',
    ]


def test_a_new_root_authority_is_trusted_inside_when_it_signs(lab: Lab) -> None:
    before = lab.run("web-1", "cat", "/etc/ssl/certs/ca-certificates.crt")
    lab.product.run("rotate", "root", "--at-once")
    lab.product.run("rotate", "intermediate", "--at-once")
    eventually(lambda: lab.run("web-1", "cat", "/etc/ssl/certs/ca-certificates.crt") != before)
    assert lab.run("web-1", "curl", "-s", "https://iam.cloud.ibm.com/healthz") == '{"status": "ok"}'


# --- the lab itself ------------------------------------------------------------------------------------------------


def test_the_machine_is_as_it_was_while_the_lab_is_up(lab: Lab) -> None:
    before = machine()
    lab.product.run("lab", "down")
    assert machine() == before


def test_down_ends_every_process_and_says_so(lab: Lab) -> None:
    processes = processes_of(lab)
    with lab.running("web-1", "say(1); time.sleep(600)") as program:
        assert program.stdout
        program.stdout.readline()
        assert "The lab is down." in lab.product.run("lab", "down")
        assert program.wait(timeout=10) != 0
    assert processes
    assert alive(processes) == []
    assert lab.status() == {"running": False}
    assert "No lab runs here." in lab.product.run("lab", "down")


def test_after_kill_9_nothing_is_left_and_the_next_up_finds_a_clean_floor(lab: Lab) -> None:
    processes = processes_of(lab)
    os.kill(lab.status()["keeper"], signal.SIGKILL)
    assert eventually(lambda: not alive(processes), seconds=5)
    assert lab.status() == {"running": False}
    process = lab.attempt("web-1", "true")
    assert (process.returncode, "No lab runs here." in process.stderr) == (1, True)
    lab.product.run("lab", "up")
    assert lab.run("web-1", "hostname").strip() == "web-1"


def test_up_twice_is_up_once(lab: Lab) -> None:
    keeper = lab.status()["keeper"]
    assert f"(process {keeper}," in lab.product.run("lab", "up")
    assert lab.status()["keeper"] == keeper


def test_an_unknown_server_is_told_which_there_are(lab: Lab) -> None:
    process = lab.attempt("unknown", "true")
    assert (process.returncode, "There is no server unknown in the lab." in process.stderr) == (1, True)
    assert "web-1" in process.stderr


@pytest.mark.parametrize(
    ("command", "status"),
    [(["true"], 0), (["sh", "-c", "exit 7"], 7), (["no-such-program"], 127), (["sh", "-c", "kill -9 $$"], 137)],
    ids=["success", "failure", "not-found", "killed"],
)
def test_the_exit_status_is_that_of_the_command(lab: Lab, command: list[str], status: int) -> None:
    assert lab.attempt("web-1", *command).returncode == status


def test_a_lab_that_comes_up_with_the_product_goes_with_it(new_lab: NewLab) -> None:
    lab = new_lab(rootless=True)
    lab.product.start("--lab")
    assert lab.run("web-1", "hostname").strip() == "web-1"
    processes = processes_of(lab)
    assert lab.product.supervisor
    os.kill(lab.product.supervisor, signal.SIGKILL)
    assert lab.product.is_gone()
    assert eventually(lambda: not alive(processes), seconds=5)


def test_lab_down_beside_the_product_stays_down(new_lab: NewLab) -> None:
    lab = new_lab(rootless=True)
    lab.product.start("--lab")
    lab.product.run("lab", "down")
    time.sleep(3)  # in which the supervisor would start it again
    assert lab.status() == {"running": False}
    assert lab.product.supervisor


@pytest.fixture
def dropping(new_lab: NewLab) -> Lab:
    """A lab where a server with the service off gets no answer at all."""
    lab = new_lab(rootless=True, BAREMINT_METADATA_DISABLED="drop")
    lab.product.start("--lab")
    return lab


def test_a_dropped_server_has_no_way_to_the_service_even_if_its_root_makes_one(dropping: Lab) -> None:
    assert dropping.program("db-1", "say(code(ask()))") == [None, "no answer"]
    by_force = 'run("ip", "route", "add", "169.254.169.254/32", "dev", "eth0", "scope", "link"); say(code(ask()))'
    assert dropping.program("db-1", by_force) == [None, "no answer"]
    operator = Operator(dropping.product.info)
    [server] = operator.vpc.list_bare_metal_servers(name="db-1").get_result()["bare_metal_servers"]
    operator.switch(server["id"], enabled=True)
    eventually(lambda: dropping.program("db-1", "say(ask()[0])") == 200, seconds=10)
    operator.switch(server["id"], enabled=False)
    time.sleep(1)
    assert dropping.program("db-1", "say(code(ask()))") == [None, "no answer"]
    assert dropping.run("db-1", "curl", "-s", "https://iam.cloud.ibm.com/healthz") == '{"status": "ok"}'


def test_a_lab_without_a_product_says_what_to_start(tmp_path: Path) -> None:
    process = Product(tmp_path / "home").attempt("lab", "up")
    assert (process.returncode, "Start Baremint first" in process.stderr) == (1, True)


# A user namespace may be forbidden those below it, and its root be left without any capability: root of nothing.
FORBID = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all -- "$@"'
FORBIDDEN = ("unshare", "--user", "--map-root-user", "sh", "-c", FORBID, "sh")


def test_where_the_kernel_forbids_namespaces_nothing_is_started_and_the_setting_is_named(tmp_path: Path) -> None:
    product = Product(tmp_path / "home", run_through=FORBIDDEN)
    process = product.attempt("up", "--lab")
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    assert "user.max_user_namespaces is 0" in process.stderr
    assert "sudo sysctl -w user.max_user_namespaces=15000" in process.stderr
    assert product.is_gone(seconds=0)
