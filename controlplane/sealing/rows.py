"""Rows with an encrypted secret. Whatever derives from SealedRow is checked at each start, and encrypted again when the
KEK is rotated."""

from collections.abc import Sequence
from typing import ClassVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from controlplane.kernel.named_lock import named_lock
from controlplane.sealing import keks
from controlplane.sealing.keks import Sealed


class SealedRow(models.Model):
    """A row with a secret that is encrypted under the KEK that ``kek_id`` names."""

    kek_id = models.CharField(max_length=16)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()

    proves_kek: ClassVar[bool] = False
    """Whether its secret is known, so that it is there only to prove its KEK right."""

    class Meta:
        abstract = True

    @property
    def bound_to(self) -> str:
        """Return the associated data with which the secret is encrypted: a name that no other row has.

        A subclass makes it from columns of the row that never change, without a query: all rows are checked at each
        start. Error messages show it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its secrets are bound to.")


def sealed_models() -> Sequence[type[SealedRow]]:
    """Return the models with encrypted secrets; those that prove a KEK come first."""
    models = [model for model in apps.get_models() if issubclass(model, SealedRow) and not model._meta.proxy]
    return sorted(models, key=lambda model: not model.proves_kek)


def sealed_rows(model: type[SealedRow]) -> models.QuerySet[SealedRow]:
    """Return the rows whose secret was not wiped, also those that the model's own manager leaves out."""
    return model._base_manager.exclude(kek_id="")


def seal_new(secret: bytes, *, bound_to: str) -> Sealed:
    """Encrypt a secret for a new row, in the transaction that stores it. The KEK cannot be rotated before it ends.

    Raises ImproperlyConfigured when the database does not know the KEK that would encrypt it.
    """
    with named_lock("kek"):
        require_known_kek()
    return keks.seal(secret, bound_to=bound_to)


def require_known_kek() -> None:
    """Check that this database knows the KEK that would encrypt a new secret. Raises ImproperlyConfigured."""
    kek = keks.first_kek()
    if not any(sealed_rows(model).filter(kek_id=kek).exists() for model in sealed_models()):
        raise ImproperlyConfigured(
            "The first key of BAREMINT_KEK is new to this database, or a wrong one; no key was made. "
            "Admit it, if it is the right one, with: baremint bootstrap"
        )


def has_secrets() -> bool:
    """Return whether anything is encrypted under a KEK."""
    return any(sealed_rows(model).exists() for model in sealed_models())


def require_fitting_kek() -> None:
    """Check that the configured KEKs decrypt everything that is stored. Raises ImproperlyConfigured.

    Secrets are checked before what proves a KEK, so that the error names a KEK that is needed to decrypt something.
    """
    configured = {kek.id for kek in keks.configured_keks()}
    for model in reversed(sealed_models()):
        rows = sealed_rows(model)
        if model.proves_kek and (kek_ids := set(rows.values_list("kek_id", flat=True))):
            if kek_ids.isdisjoint(configured):
                raise keks.missing(min(kek_ids))
            rows = rows.filter(kek_id__in=configured)
        for row in rows.iterator():
            keks.unseal(row)
