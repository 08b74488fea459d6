"""The initialization of a bare metal server: image, keys, passwords."""

from typing import Any

from controlplane.cli.arguments import Arguments, argument, arguments
from controlplane.cli.client import Client, WrongOption
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import (
    Command,
    Options,
    boolean_option,
    names,
    option_properties,
    server_argument,
    text_or_file,
)
from controlplane.cli.vpc.lookups import SERVERS

FIELDS: list[Column] = [
    ("Image", "image.name"),
    ("Keys", "keys"),
    ("Default trusted profile", "default_trusted_profile.target.id"),
    ("Auto link", "default_trusted_profile.auto_link"),
    ("User accounts", "user_accounts"),
]


def initialization_options(*, required: bool) -> Arguments:
    return arguments(
        argument("--image", required=required, help="name, id or CRN of the image"),
        argument("--keys", type=names, default=[], help="names or ids of SSH keys, separated by commas"),
        argument("--user-data", type=text_or_file, help="text for the first boot, or @FILE"),
        argument("--default-trusted-profile", metavar="PROFILE", help="name, id or CRN of a trusted profile"),
        boolean_option("--default-trusted-profile-auto-link", "link it (default true)"),
    )


def initialization_body(client: Client, options: Options) -> dict[str, Any]:
    image = client.find("images", options["image"], by_name=True)
    body: dict[str, Any] = {
        "image": {"id": image["id"]},
        "keys": [{"id": client.find("keys", name)["id"]} for name in options["keys"]],
        **option_properties(options, user_data="user_data"),
    }
    if options["default_trusted_profile"]:
        target = client.trusted_profile(options["default_trusted_profile"])
        auto_link = option_properties(options, auto_link="default_trusted_profile_auto_link")
        body["default_trusted_profile"] = {"target": target, **auto_link}
    return body


def _values(client: Client, options: Options) -> dict[str, Any]:
    answer = client.call("GET", f"/v1/{SERVERS.path(client, options, 'initialization')}")
    if options["private_key"] is None:
        return answer
    accounts = answer.get("user_accounts", [])
    if not accounts:
        raise WrongOption("This server has no user account with a password. Leave --private-key out.")
    from controlplane.cli.vpc.passwords import PrivateKey  # noqa: PLC0415  takes longer to load than a call

    key = PrivateKey(options["private_key"], options["private_key_passphrase"])
    return answer | {"user_accounts": [each | {"password": key.password_of(each)} for each in accounts]}


def _replace(client: Client, options: Options) -> dict[str, Any]:
    path = SERVERS.path(client, options, "initialization")
    return client.call("PUT", f"/v1/{path}", initialization_body(client, options))


def _show_or_replace(client: Client, options: Options) -> dict[str, Any]:
    return _replace(client, options) if options["image"] else _values(client, {**options, "private_key": None})


SHOW_OR_REPLACE = "bare-metal-server-initialization"
"""Combines two commands of IBM's."""
COMMANDS = {
    SHOW_OR_REPLACE: Command(
        "Show what a bare metal server was initialized from; with --image, initialize a stopped one again",
        "web-1",
        arguments(server_argument, initialization_options(required=False)),
        _show_or_replace,
        FIELDS,
    ),
    "bare-metal-server-initialization-values": Command(
        "Show what a bare metal server was initialized from; with a private key, its passwords too",
        "web-1",
        arguments(
            server_argument,
            argument(
                "--private-key",
                type=text_or_file,
                metavar="KEY|@FILE",
                help="private SSH key in PEM or OpenSSH format, or @FILE: the passwords are decrypted with it, on this "
                "machine",
            ),
            argument("--private-key-passphrase", metavar="PASSPHRASE", help="of an encrypted private key"),
        ),
        _values,
        FIELDS,
        alias="bm-init",
    ),
    "bare-metal-server-initialization-replace": Command(
        "Initialize a stopped bare metal server with another image and other keys",
        "web-9 --image ibm-ubuntu-22-04-5-minimal-amd64-5 --keys demo",
        arguments(server_argument, initialization_options(required=True)),
        _replace,
        FIELDS,
        changes=True,
    ),
}
