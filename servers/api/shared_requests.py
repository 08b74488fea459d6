"""Fields of many request bodies: names, and references to other resources."""

from typing import Any, Self

from rest_framework import serializers

from controlplane.kernel.crn import Crn
from controlplane.kernel.fields import DescribedField, StrictCharField, StrictSerializer, reference_by
from controlplane.kernel.operation import Schema
from servers.catalog import PROVIDER_ACCOUNT

NAME = r"\A([a-z]|[a-z][-a-z0-9]*[a-z0-9])\Z"
LONGEST_NAME = 63
LONGEST_CIDR = 18


class NameField(StrictCharField, serializers.RegexField):
    """``web-1``: 1 to 63 lower-case letters, digits and hyphens, beginning with a letter (VPC API, names)."""

    default_error_messages = {
        "invalid": "A name has 1 to 63 lower-case letters, digits and hyphens, begins with a letter and ends with "
        "none of the hyphens."
    }

    pattern = NAME

    def __init__(self, **options: Any) -> None:
        super().__init__(self.pattern, max_length=LONGEST_NAME, trim_whitespace=False, **options)


class ReferenceField(DescribedField, serializers.Field):
    """A reference by exactly one of its ``forms``; reads as the id at the end of it.

    A CRN of another service, or of an account that is neither the caller's nor the provider's, reads as itself: nothing
    here has such an id.
    """

    default_error_messages = {"invalid": "A reference is an object with exactly one of {forms}."}

    def __init__(self, *forms: str, **options: Any) -> None:
        super().__init__(**options)
        self.forms = forms or ("id", "crn", "href")

    @property
    def schema(self) -> Schema:
        return {"oneOf": [reference_by(form) for form in self.forms]}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, dict) or len(data) != 1:
            self.fail("invalid", forms=", ".join(self.forms))
        [(form, value)] = data.items()
        if form not in self.forms or not isinstance(value, str) or not value or "\x00" in value:
            self.fail("invalid", forms=", ".join(self.forms))
        id = value.rpartition("/")[2] if form == "href" else value
        if form == "crn":
            id = self._resource(value)
        if not id:
            self.fail("invalid", forms=", ".join(self.forms))
        return id

    def _resource(self, text: str) -> str:
        try:
            crn = Crn.parse(text)
        except ValueError:
            return text if ":" in text and not text.endswith(":") else ""
        own = self.context.get("account_id", crn.account_id)
        is_near = crn.service == "is" and crn.account_id in ("", own, PROVIDER_ACCOUNT)
        return crn.resource if is_near else text

    def within(self, parent: Any) -> Self:
        """Return this field after putting it into the context of the field ``parent``, which uses it."""
        self.parent = parent
        return self


class RenameBody(StrictSerializer):
    """A merge patch of a resource of which only the name can change."""

    name = NameField(required=False)
