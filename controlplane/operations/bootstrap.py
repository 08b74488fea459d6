"""What a fresh database lacks, made once: keys, an account and its owner, an API key, and the demo world."""

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
from controlplane.deployment.command_line import paste
from controlplane.deployment.credentials import Credentials
from controlplane.jobs import ca_bundle
from controlplane.kernel import ids
from controlplane.objectstore.orphan_files import sweep
from controlplane.operations import demo_world
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
"""A file that is there while ``baremint restore`` works, and after it was killed."""


def refuse_wrong_settings() -> None:
    """Before anything else is made. Raises ImproperlyConfigured, UnusableHome."""
    if (settings.HOME.path / RESTORING).exists():
        raise ImproperlyConfigured(
            f"A restore into {settings.HOME.path} was interrupted. Repeat it: {paste('restore FILE')}"
        )
    str(settings.SECRET_KEY)
    for error in run_checks(tags=[SETTINGS], include_deployment_checks=True):
        raise ImproperlyConfigured(str(error.msg))


def bootstrap(*, now: datetime, progress: Callable[[str], None]) -> bool:
    """Make what is missing. Returns whether the account and its demo world were made just now."""
    refuse_wrong_settings()
    if key_encryption.ensure_kek() and not settings.EMBEDDED_DATABASE:
        progress(
            f"WARNING: BAREMINT_KEK is not set. The keys in your database are encrypted under "
            f"{settings.HOME.path / key_encryption.KEK_FILE}: keep that file, or set BAREMINT_KEK to its content"
        )
    progress("preparing signing keys and certificate authorities")
    with ThreadPoolExecutor(1, thread_name_prefix="password") as aside:
        making = aside.submit(_make_password) if _account() is None else None  # as slow as two keys, and beside them
        ensure_keys(now=now)
        ca_bundle.write()
        for region in catalog.regions():
            seed_images(region, now)
    sweep()
    account = _account()
    if account is None:
        progress("making an account and a demo world in it")
        try:
            _make_account_and_world(making.result() if making else _make_password(), now=now)
        except IntegrityError:
            account = _account()  # another machine on this database was first
            if account is None:
                raise
        else:
            return True
    if credentials.read(settings.HOME) is None:
        progress("making an API key for this data directory")
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
    """All or nothing. The credentials are written before the commit: a crash between leaves a file to overwrite."""
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
    """A second machine on the same database: an API key of its own; the admin's password is not ours to change.

    However many machines came before: whoever could delete a key has none yet.
    """
    owner = Party(account.owner_iam_id, USERNAME, "User")
    _, api_key = create_api_key(account, iam_id=account.owner_iam_id, name=API_KEY_NAME, by=owner, limited=False)
    credentials.write(settings.HOME, Credentials(account.id, api_key, USERNAME, ""))
