"""The base class of records that change under ``If-Match``: a revision number, and an entity tag made from it."""

from django.db import models


class Revisioned(models.Model):
    """A record with an entity tag of IBM's form, ``<revision>-<32 hexadecimal digits>``."""

    revision = models.PositiveIntegerField(default=1)
    revision_hash = models.CharField(max_length=32)

    class Meta:
        abstract = True

    @property
    def entity_tag(self) -> str:
        return f"{self.revision}-{self.revision_hash}"
