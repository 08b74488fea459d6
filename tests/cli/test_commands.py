"""``baremint is`` takes the words and options that IBM documents, and their short forms."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from controlplane.cli.vpc.commands import COMMANDS, add_commands, changes_something
from controlplane.operations.commands.data_directory import changes

GROUPS = "--resource-group-id --resource-group-name --all-resource-groups"
# IBM's VPC CLI reference of 2026-08-14, chapters "Bare metal servers" and "Reservation"; ``--interactive`` is not here.
DOCUMENTED = {
    # And from other chapters, what is only looked at; ``--show-attached`` of vpc and subnet is not here.
    "vpc": "",
    "vpcs": f"{GROUPS} --classic-access",
    "subnet": "--vpc",
    "subnets": f"{GROUPS} --zone --rt --vpc",
    "key": "",
    "keys": GROUPS,
    "image": "",
    "images": f"{GROUPS} --visibility --status --user-data-format --remote-account-id",
    "floating-ip": "",
    "floating-ips": GROUPS,
    "public-gateway": "--vpc",
    "public-gateways": GROUPS,
    "security-group": "--vpc",
    "security-groups": f"{GROUPS} --vpc",
    "network-acl": "--vpc",
    "network-acls": GROUPS,
    "virtual-network-interface": "",
    "virtual-network-interfaces": GROUPS,
    "region": "",
    "regions": "",
    "bare-metal-server": "",
    "bare-metal-server-console": "--vnc",
    "bare-metal-server-create": (
        "--bandwidth --default-trusted-profile --default-trusted-profile-auto-link --enable-secure-boot --image "
        "--keys --metadata-service --metadata-service-protocol --name --network-attachments --network-interfaces "
        "--pnac-allowed-vlans --pnac-name --pnac-vni --pnac-vni-ais --pnac-vni-auto-delete --pnac-vni-ein "
        "--pnac-vni-ips --pnac-vni-name --pnac-vni-psfm --pnac-vni-rip --pnac-vni-rip-address "
        "--pnac-vni-rip-auto-delete --pnac-vni-rip-name --pnac-vni-sgs --pnac-vni-subnet --pnic-ais "
        "--pnic-allowed-vlans --pnic-ein --pnic-name --pnic-rip --pnic-rip-address --pnic-rip-auto-delete "
        "--pnic-rip-name --pnic-sgs --pnic-subnet --profile --res-policy --res-pool --reservation-affinity-policy "
        "--reservation-affinity-pool --resource-group-id --resource-group-name --tpm-mode --user-data --vpc "
        "--zone "
    ),
    "bare-metal-server-delete": "--force -f",
    "bare-metal-server-disk": "",
    "bare-metal-server-disk-update": "--name",
    "bare-metal-server-disks": "",
    "bare-metal-server-initialization-values": "--private-key --private-key-passphrase",
    "bare-metal-server-network-interface": "",
    "bare-metal-server-network-interface-create": (
        "--address --allow-interface-to-float --allow-ip-spoofing --allowed-vlans --auto-delete "
        "--enable-infrastructure-nat --interface-type --ip-name --name --rip --security-groups --subnet --vlan "
        "--vpc "
    ),
    "bare-metal-server-network-interface-delete": "--force -f",
    "bare-metal-server-network-interface-floating-ip": "",
    "bare-metal-server-network-interface-floating-ip-add": "",
    "bare-metal-server-network-interface-floating-ip-remove": "--force -f",
    "bare-metal-server-network-interface-floating-ips": "",
    "bare-metal-server-network-interface-update": (
        "--allow-ip-spoofing --allowed-vlans --enable-infrastructure-nat --name "
    ),
    "bare-metal-server-network-interfaces": "",
    "bare-metal-server-profile": "",
    "bare-metal-server-profiles": "",
    "bare-metal-server-restart": "--force -f",
    "bare-metal-server-start": "",
    "bare-metal-server-stop": "--force --type -f",
    "bare-metal-server-update": (
        "--bandwidth --enable-secure-boot --metadata-service --metadata-service-protocol --name --res-policy "
        "--res-pool --reservation-affinity-policy --reservation-affinity-pool --tpm-mode "
    ),
    "bare-metal-servers": "--all-resource-groups --reservation --resource-group-id --resource-group-name --vpc",
    "bare-metal-server-firmware-update": "--auto-start --force -f",
    "bare-metal-server-network-interface-reserved-ips": "",
    "bare-metal-server-network-interface-reserved-ip": "",
    "bare-metal-server-network-attachments": "",
    "bare-metal-server-network-attachment": "",
    "bare-metal-server-network-attachment-create": (
        "--allow-to-float --allowed-vlans --interface-type --name --vlan --vni --vni-ais --vni-auto-delete "
        "--vni-ein --vni-ips --vni-name --vni-psfm --vni-rip --vni-rip-address --vni-rip-auto-delete "
        "--vni-rip-name --vni-sgs --vni-subnet --vpc "
    ),
    "bare-metal-server-network-attachment-update": "--allowed-vlans --name",
    "bare-metal-server-network-attachment-delete": "--force -f",
    "bare-metal-server-capacities": "--profile --zone",
    "bare-metal-server-initialization-replace": (
        "--default-trusted-profile --default-trusted-profile-auto-link --image --keys --user-data "
    ),
    "reservation": "",
    "reservations": ("--all-resource-groups --profile-resource-type --resource-group-id --resource-group-name --zone"),
    "reservation-create": (
        "--affinity-policy --capacity --expiration-policy --name --profile --profile-resource-type "
        "--resource-group-id --resource-group-name --term --zone"
    ),
    "reservation-update": (
        "--affinity-policy --capacity --expiration-policy --name --profile --profile-resource-type --term"
    ),
    "reservation-activate": "",
    "reservation-delete": "--force -f",
}
ALIASES = {
    "bm": "bare-metal-server",
    "bms": "bare-metal-servers",
    "bmc": "bare-metal-server-create",
    "bm-start": "bare-metal-server-start",
    "bm-stop": "bare-metal-server-stop",
    "bm-init": "bare-metal-server-initialization-values",
    "bm-con": "bare-metal-server-console",
    "bm-nic": "bare-metal-server-network-interface",
    "bm-nics": "bare-metal-server-network-interfaces",
    "bm-nicc": "bare-metal-server-network-interface-create",
    "bm-nicd": "bare-metal-server-network-interface-delete",
    "bm-nicu": "bare-metal-server-network-interface-update",
    "bm-nacu": "bare-metal-server-network-attachment-update",
    "bm-prs": "bare-metal-server-profiles",
}
"""Those that IBM's guides and other people's scripts use."""
CHANGE = ("create", "update", "delete", "start", "stop", "restart", "add", "remove", "replace", "console", "activate")


@pytest.fixture
def parser() -> ArgumentParser:
    new_parser = ArgumentParser()
    add_commands(new_parser)
    return new_parser


def options_of(parser: ArgumentParser, word: str) -> set[str]:
    [words] = [action for action in parser._actions if action.dest == "command"]
    return set(words.choices[word]._option_string_actions)  # type: ignore[index, call-overload]


def test_every_documented_option_of_every_documented_word_is_known(parser: ArgumentParser) -> None:
    assert {word: set() for word in DOCUMENTED} == {
        word: {*options.split(), "--output", "-q", "--quiet"} - options_of(parser, word)
        for word, options in DOCUMENTED.items()
    }


def test_short_forms_mean_their_words() -> None:
    assert {alias: word for word, each in COMMANDS.items() if (alias := each.alias) in ALIASES} == ALIASES


def test_no_two_words_have_one_short_form() -> None:
    aliases = [word.alias for word in COMMANDS.values() if word.alias]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & COMMANDS.keys()


def test_a_word_says_whether_it_changes_something() -> None:
    by_name = {name for name in COMMANDS if name.endswith(tuple(f"-{verb}" for verb in CHANGE))}
    assert {name for name, word in COMMANDS.items() if word.changes} == by_name
    assert {alias for alias, name in ALIASES.items() if changes_something([alias])} == {
        alias for alias, name in ALIASES.items() if name in by_name
    }


def test_showing_an_initialization_changes_nothing_and_replacing_it_does() -> None:
    assert not changes(["is", "bare-metal-server-initialization", "web-1"])
    assert changes(["is", "bare-metal-server-initialization", "web-1", "--image", "another"])
    assert changes(["is", "bm-nicd", "-f", "web-1", "eth1"])


def parsed(parser: ArgumentParser, words: str) -> Namespace:
    return parser.parse_args(words.split())


@pytest.mark.parametrize("text", ["JSON", "json", "Json"])
def test_the_output_is_json_in_capitals_or_not(parser: ArgumentParser, text: str) -> None:
    assert parsed(parser, f"bms --output {text}").output == "json"


def test_a_long_option_may_have_one_dash(parser: ArgumentParser) -> None:
    options = parsed(parser, "bm-nicu web-1 eth0 -allowed-vlans=1,3,5 -allow-ip-spoofing true -q")
    assert (options.allowed_vlans, options.allow_ip_spoofing, options.quiet) == ([1, 3, 5], True, True)


@pytest.mark.parametrize(
    ("text", "vlans"),
    [
        ("10", [10]),
        ("100,200", [100, 200]),
        ("4-6, 2", [2, 4, 5, 6]),
        ("3003-3001", [3001, 3002, 3003]),
        ("7,7,6-8", [6, 7, 8]),
    ],
)
def test_vlans_are_numbers_and_ranges(parser: ArgumentParser, text: str, vlans: list[int]) -> None:
    options = parser.parse_args(["bm-nicu", "web-1", "eth0", "--allowed-vlans", text])
    assert options.allowed_vlans == vlans


@pytest.mark.parametrize("option", ["--allowed-vlans 0", "--allowed-vlans 1-4095", "--allowed-vlans a-b"])
def test_what_is_no_vlan_is_refused(parser: ArgumentParser, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(parser, f"bm-nicu web-1 eth0 {option}")
    assert "VLAN id" in capsys.readouterr().err


def test_json_comes_from_the_line_or_from_a_file(parser: ArgumentParser, tmp_path: Path) -> None:
    (file := tmp_path / "interfaces.json").write_text('[{"name": "eth1"}]')
    arguments = ["--network-interfaces", '[{"name": "eth1"}]'], ["--network-interfaces", f"@{file}"]
    create = ["bmc", "--profile", "p", "--image", "i", "--pnic-subnet", "s"]
    assert [parser.parse_args([*create, *each]).network_interfaces for each in arguments] == [[{"name": "eth1"}]] * 2


@pytest.mark.parametrize("text", ["{}", "[1]", "nonsense", "@nowhere.json"])
def test_what_is_no_list_of_objects_is_refused(
    parser: ArgumentParser, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args(["bmc", "--profile", "p", "--image", "i", "--pnic-subnet", "s", "--network-interfaces", text])
    assert "--network-interfaces" in capsys.readouterr().err


def test_an_unknown_option_is_refused_with_the_usage_of_its_word(
    parser: ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(parser, "bare-metal-server-update web-1 --colour red")
    errors = capsys.readouterr().err
    assert "bare-metal-server-update [-h]" in errors
    assert errors.splitlines()[-1].endswith("unrecognized arguments: --colour red")
