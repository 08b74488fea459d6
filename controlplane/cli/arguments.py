"""The options of the words, named as IBM's command line names them."""

from argparse import ArgumentParser, ArgumentTypeError


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ArgumentTypeError("it must be true or false")
    return text == "true"


def no_arguments(parser: ArgumentParser) -> None:
    """Takes none."""


def server_argument(parser: ArgumentParser) -> None:
    parser.add_argument("server", metavar="SERVER", help="name, id or CRN of the bare metal server")


def metadata_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--metadata-service", type=boolean, metavar="true|false", help="whether the service is on")
    parser.add_argument("--metadata-service-protocol", choices=["http", "https"], help="how it answers")


def account_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--metadata-service", type=boolean, metavar="true|false", required=True)


def initialization_arguments(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--image", required=required, help="name, id or CRN of the image")
    parser.add_argument("--keys", default="", help="names or ids of SSH keys, separated by commas")
    parser.add_argument("--user-data", help="text for the first boot, or @FILE")
    parser.add_argument("--default-trusted-profile", metavar="PROFILE", help="name, id or CRN of a trusted profile")
    parser.add_argument(
        "--default-trusted-profile-auto-link", type=boolean, metavar="true|false", help="link it (default true)"
    )


def create_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--name", help="four random words without it")
    parser.add_argument("--profile", required=True, help="such as bx2-metal-96x384")
    parser.add_argument("--zone", help="the subnet's without it")
    initialization_arguments(parser, required=True)
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--pnic-subnet", metavar="SUBNET", help="subnet of the primary network interface")
    network.add_argument("--pnac-vni-subnet", metavar="SUBNET", help="subnet of the primary network attachment")
    network.add_argument("--pnac-vni", metavar="VNI", help="virtual network interface to attach")
    parser.add_argument("--vpc", help="name, id or CRN")
    parser.add_argument("--resource-group-id", help="the account's default group without it")
    parser.add_argument("--bandwidth", type=int, help="Mbps, one of the profile's")
    parser.add_argument("--enable-secure-boot", type=boolean, metavar="true|false")
    parser.add_argument("--tpm-mode", choices=["disabled", "tpm_2"])
    metadata_arguments(parser)


def update_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("--name", help="new name")
    parser.add_argument("--bandwidth", type=int, help="Mbps, one of the profile's")
    parser.add_argument("--enable-secure-boot", type=boolean, metavar="true|false", help="of a stopped server")
    parser.add_argument("--tpm-mode", choices=["disabled", "tpm_2"], help="of a stopped server")
    metadata_arguments(parser)


def stop_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("--type", choices=["soft", "hard"], default="soft", help="(default soft)")


def show_or_replace_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    initialization_arguments(parser, required=False)
