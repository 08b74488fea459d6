import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment import process_lock
from controlplane.deployment.command_line import command_hint
from controlplane.lab import state
from controlplane.operations.terminal import write_text
from controlplane.operations.up.children import control_plane_answers
from controlplane.runtime import background_process
from controlplane.runtime.supervisor import termination


class Command(BaseCommand):
    help = (
        "The lab runs every server as a set of kernel namespaces, with 169.254.169.254 and IBM's host names inside. "
        "It works as root, and as an ordinary user where user namespaces are allowed; the network of this machine does "
        "not change. Enter a server with: baremint enter SERVER"
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True, metavar="up|status|down")
        commands.add_parser("up", help="start it for the Baremint that runs here; it ends with that Baremint")
        status = commands.add_parser("status", help="list its servers")
        status.add_argument("--json", action="store_true", help="for scripts: one JSON object")
        commands.add_parser("down", help="end it, and every program in it")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["command"]:
            case "up":
                self._up()
            case "down":
                self._down()
            case _:
                self._status(as_json=options["json"])

    def _up(self) -> None:
        if not control_plane_answers():
            raise CommandError(
                f"Start Baremint first: {command_hint('up --detach')}   (or both at once: {command_hint('up --lab')})"
            )
        if process_lock.holder(settings.HOME, state.LOCK):
            self._status(as_json=False)
            return
        state.forget(settings.HOME)
        try:
            background_process.start(settings.HOME, "serve_lab", log=state.LOG, progress=self._say)
        except background_process.StartFailed as error:
            raise CommandError(str(error)) from None
        self._status(as_json=False)

    def _down(self) -> None:
        keeper = process_lock.holder(settings.HOME, state.LOCK)
        if keeper:
            termination.end(keeper, seconds=30)
        state.forget(settings.HOME)
        self._say("The lab is down." if keeper else "No lab runs here.")

    def _status(self, *, as_json: bool) -> None:
        lab = state.running(settings.HOME)
        if as_json:
            self._say(json.dumps({"running": lab is not None, **(asdict(lab) if lab else {})}, indent=2))
            return
        if lab is None:
            self._say(f"No lab runs here. Start it: {command_hint('lab up')}")
            return
        how = "in a user namespace" if lab.rootless else "as root"
        self._say(f"The lab is up (process {lab.keeper}, {how}).\n")
        width = max([len(each.name) for each in lab.servers], default=0)
        for each in lab.servers:
            self._say(f"  {each.name:<{width}}  {each.address:<15}  {command_hint(f'enter {each.name}')}")
        for trouble in lab.troubles:
            self._say(f"  Not in it: {trouble}")
        if lab.left_out:
            self._say(f"  Not in it: {lab.left_out} more servers; the lab runs the {len(lab.servers)} oldest.")

    def _say(self, text: str) -> None:
        write_text(self.stdout, text)
