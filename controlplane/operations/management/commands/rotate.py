from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import datetime, timedelta
from textwrap import fill
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from controlplane.activity.record import SYSTEM
from controlplane.database.migration_state import compare
from controlplane.deployment import env
from controlplane.deployment.command_line import command_hint
from controlplane.jobs import ca_bundle
from controlplane.kernel import clock, context
from identity.key_periods import configured_key_times
from identity.key_schedule import ROOT_PUBLISHED_BEFORE, Purpose
from identity.services.kek_rotation import rotate_kek
from identity.services.key_rotation import Rotated, Succession, rotate, rotate_now
from servers import catalog

KINDS = {
    "identity": "the key of identity tokens; the metadata service and IAM know the new one at once",
    "iam": "the key of IAM access tokens; other services know the new one when they fetch /identity/keys again",
    "intermediate": "the CA that signs certificates; new chains carry the new one",
    "tls": "the key of the HTTPS endpoints; new connections get a certificate for the new one",
    "root": "the CA that signs intermediate CAs; the next intermediate is made under the new one",
    "kek": "the key-encryption key: every stored secret is re-encrypted under the first of BAREMINT_KEK",
}
WAITS = {
    "identity": "It waits like every key of tokens, although IAM and the metadata service would read it from the "
    "database at once.",
    "iam": "Until then verifiers may have a copy of /identity/keys without it.",
    "intermediate": "Until then programs may have a copy of the published intermediates without it, or a CA bundle "
    "from before its root was in it.",
    "root": "Until then programs may have a CA bundle without it: they read it once a week.",
}
"""Why a key that was published recently waits."""
EARLY: dict[Purpose, str] = {
    "iam": "Verifiers that keep an older copy of /identity/keys may refuse its tokens for up to {wait}, unless they "
    "fetch the keys again when they meet an unknown kid.",
    "intermediate": "Chains carry it. But programs that keep the published intermediates, or a CA bundle from before "
    "its root was in it, may refuse its certificates for up to {wait}.",
    "root": "Nothing is signed by it yet. Programs that read the CA bundle once a week know it in {wait}; "
    "until then the intermediate stays where it is, unless you rotate that at once, too.",
}
"""The effects of a key that takes over before verifiers can know it."""


class Command(BaseCommand):
    help = (
        "Rotate a key: the prepared key takes over as soon as every verifier can know it, and a new one is prepared. "
        "What was signed before still verifies until it expires."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "\n\n".join(
            [
                "kinds:\n" + "\n".join(f"  {kind:13} {text}" for kind, text in KINDS.items()),
                "with --at-once, for a key that was published recently:\n"
                + "\n".join(_filled(kind, text.format(wait=_longest_wait(kind))) for kind, text in EARLY.items()),
            ]
        )
        parser.add_argument("kind", metavar="KIND", choices=list(KINDS), help=f"which key: {', '.join(KINDS)}")
        parser.add_argument("--region", default="", help="of an identity key; otherwise BAREMINT_REGION")
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="do not wait for verifiers, when the present key must sign nothing more; see below what they may "
            "refuse then, and for how long",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with context.entered(context.RequestContext(request_id="", agent=env.agent(default=""))):
            self._handle(options)

    def _handle(self, options: dict[str, Any]) -> None:
        kind, region, at_once = options["kind"], options["region"], options["at_once"]
        if region and kind != "identity":
            raise CommandError(f"The {kind} key is the same in all regions.")
        if region and region not in catalog.regions():
            raise CommandError(f"There is no region {region}. There are {', '.join(sorted(catalog.regions()))}.")
        if at_once and kind == "kek":
            raise CommandError("No verifier needs the kek, so it never waits. Leave out --at-once.")
        compare().require_known()
        now = clock.now()
        try:
            if kind == "kek":
                self._rotate_kek(now=now)
                return
            if at_once:
                self._tell_at_once(kind, rotate_now(kind, now=now, region=region))
            else:
                self._tell(kind, region, rotate(kind, now=now, region=region, by=SYSTEM), now=now)
            ca_bundle.write()
        except KeyError:
            raise CommandError(f"There are no keys yet. Start Baremint first: {command_hint('up')}") from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None

    def _tell(self, kind: str, region: str, succession: Succession, *, now: datetime) -> None:
        if not succession.waits:
            self.stdout.write(f"The {kind} key {succession.kid} signs from now on.")
            return
        at, wait = succession.signs_from, _in_words(succession.signs_from - now)
        self.stdout.write(
            f"The {kind} key {succession.kid} takes over at {at:%Y-%m-%d %H:%M:%S} UTC, in {wait}, when every verifier "
            "can know it."
        )
        if kind in WAITS:
            self.stdout.write(WAITS[kind])
        where = f" --region {region}" if region else ""
        self.stdout.write(
            f"If the present key must sign nothing more: {command_hint(f'rotate {kind}{where} --at-once')}"
        )

    def _tell_at_once(self, kind: str, rotated: Rotated) -> None:
        self.stdout.write(f"The {kind} key {rotated.key.kid} signs from now on.")
        if rotated.early_by and kind in EARLY:
            self.stdout.write(EARLY[kind].format(wait=_in_words(rotated.early_by)))

    def _rotate_kek(self, *, now: datetime) -> None:
        rotation = rotate_kek(now=now, progress=lambda keys, of: self.stdout.write(f"  ... {keys} of {of} secrets"))
        if rotation.left:
            raise CommandError(
                f"{rotation.left} secrets are still encrypted under another KEK than {rotation.kek_id}: a process "
                f"without it created them. Restart all processes with this BAREMINT_KEK, then run this again."
            )
        self.stdout.write(
            f"{rotation.keys} secrets were re-encrypted; all {rotation.total} are now under KEK {rotation.kek_id}."
        )
        if len(settings.BAREMINT_KEK) > 1:
            self.stdout.write("The other keys of BAREMINT_KEK can be dropped.")


def _in_words(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}"
    return f"{seconds} seconds"


def _longest_wait(kind: Purpose) -> str:
    waits = configured_key_times()[kind].publish_before
    return _in_words(max(waits, ROOT_PUBLISHED_BEFORE) if kind == "intermediate" else waits)


def _filled(kind: str, text: str) -> str:
    return fill(text, width=100, initial_indent=f"  {kind:13} ", subsequent_indent=" " * 16)
