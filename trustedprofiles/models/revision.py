"""What a record that changes under ``If-Match`` carries: a revision number, and a tag made of it."""

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
