"""Create what a new database lacks: keys, an account and its owner, an API key, and the demo world."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.deployment import credentials
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.credentials import Credentials
from controlplane.jobs import ca_bundle
from controlplane.kernel import ids
from controlplane.objectstore.orphan_files import sweep
from controlplane.operations import demo_world
from controlplane.sealing.keks import KEK_FILE
from identity import key_encryption
from identity.services.apikeys import create_api_key
from identity.services.key_rotation import ensure_keys
from servers import catalog
from servers.checks import SETTINGS
from servers.services.catalog import seed_images
from trustedprofiles.models import Account, ResourceGroup, User

USERNAME = "admin"
OWNER_EMAIL = "admin@baremint.example"
API_KEY_NAME = "bootstrap"
PASSWORD_BYTES = 12


RESTORING = "restoring"
"""A file that exists while ``baremint restore`` works, and after it was killed."""


def refuse_wrong_settings() -> None:
    """Check the settings before anything is created. Raises ImproperlyConfigured, UnusableHome."""
    if (settings.HOME.path / RESTORING).exists():
        raise ImproperlyConfigured(
            f"A restore into {settings.HOME.path} was interrupted. Repeat it: {command_hint('restore FILE')}"
        )
    str(settings.SECRET_KEY)
    for error in run_checks(tags=[SETTINGS], include_deployment_checks=True):
        raise ImproperlyConfigured(str(error.msg))


def bootstrap(*, now: datetime, progress: Callable[[str], None]) -> bool:
    """Create what is missing. Returns whether the account and its demo world were created by this call."""
    refuse_wrong_settings()
    if key_encryption.ensure_kek() and not settings.EMBEDDED_DATABASE:
        progress(
            f"WARNING: BAREMINT_KEK is not set. The keys in your database are encrypted under "
            f"{settings.HOME.path / KEK_FILE}: keep that file, or set BAREMINT_KEK to its content"
        )
    progress("preparing signing keys and certificate authorities")
    with ThreadPoolExecutor(1, thread_name_prefix="password") as aside:
        making = (
            aside.submit(_make_password) if _account() is None else None
        )  # slow, so it runs in parallel with the creation of keys
        ensure_keys(now=now)
        ca_bundle.write()
        for region in catalog.regions():
            seed_images(region, now)
    sweep()
    account = _account()
    if account is None:
        progress("creating an account with a demo world")
        try:
            _make_account_and_world(making.result() if making else _make_password(), now=now)
        except IntegrityError:
            account = _account()  # another machine with this database was first
            if account is None:
                raise
        else:
            return True
    if credentials.read(settings.HOME) is None:
        progress("creating an API key for this data directory")
        _join(account)
    return False


def _account() -> Account | None:
    return Account.objects.filter(is_first=True).first()


class _Password(NamedTuple):
    text: str
    hashed: str


def _make_password() -> _Password:
    text = secrets.token_urlsafe(PASSWORD_BYTES)
    return _Password(text, make_password(text))


@transaction.atomic
def _make_account_and_world(password: _Password, *, now: datetime) -> None:
    """Create all of it or nothing. The credentials file is written before the commit: after a crash in between, the
    next start overwrites it."""
    suffix = secrets.token_hex(5).upper()[:9]
    account = Account.objects.create(
        id=ids.hex_id(), name="Baremint demo", owner_iam_id=f"IBMid-{suffix}", created_at=now
    )
    group = ResourceGroup.objects.create(
        id=ids.hex_id(), account=account, name="Default", is_default=True, created_at=now
    )
    User.objects.create(
        username=USERNAME,
        email=OWNER_EMAIL,
        password=password.hashed,
        is_staff=True,
        is_superuser=True,
        iam_id=account.owner_iam_id,
        account=account,
        date_joined=now,
    )
    owner = Party(account.owner_iam_id, USERNAME, "User")
    demo_world.make_demo_world(account, resource_group=group, by=owner)
    _, api_key = create_api_key(account, iam_id=account.owner_iam_id, name=API_KEY_NAME, by=owner)
    credentials.write(settings.HOME, Credentials(account.id, api_key, USERNAME, password.text))


@transaction.atomic
def _join(account: Account) -> None:
    """Create an API key for another machine with the same database. The admin's password stays as it is.

    The quota of API keys does not apply, because the operator of this machine has no key yet to delete others with.
    """
    owner = Party(account.owner_iam_id, USERNAME, "User")
    _, api_key = create_api_key(account, iam_id=account.owner_iam_id, name=API_KEY_NAME, by=owner, limited=False)
    credentials.write(settings.HOME, Credentials(account.id, api_key, USERNAME, ""))
