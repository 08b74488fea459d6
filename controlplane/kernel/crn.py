"""Cloud Resource Names: ``crn:v1:bluemix:public:<service>:<location>:a/<account>:<instance>:<type>:<id>``."""

from dataclasses import dataclass

SEGMENTS = 10


@dataclass(frozen=True)
class Crn:
    service: str
    location: str
    account_id: str
    resource_type: str
    resource: str
    instance: str = ""

    def __str__(self) -> str:
        scope = f"a/{self.account_id}" if self.account_id else ""
        return (
            f"crn:v1:bluemix:public:{self.service}:{self.location}:{scope}"
            f":{self.instance}:{self.resource_type}:{self.resource}"
        )

    @classmethod
    def parse(cls, text: str) -> "Crn":
        """Parse a CRN.

        Raises ValueError when the text is not one. The cloud name is not compared: the IBM samples use
        several (``bluemix``, ``staging``).
        """
        parts = text.split(":", SEGMENTS - 1)
        if len(parts) != SEGMENTS or parts[0] != "crn" or parts[1] != "v1":
            raise ValueError("A CRN has ten parts separated by colons and begins with crn:v1.")
        _, _, _, _, service, location, scope, instance, kind, resource = parts
        if scope and not scope.startswith("a/"):
            raise ValueError("The scope of a CRN is a/<account id>.")
        return cls(service, location, scope.removeprefix("a/"), kind, resource, instance)

    @classmethod
    def find(cls, text: str) -> "Crn | None":
        """Parse a text that may be a CRN; None when it is not one."""
        try:
            return cls.parse(text)
        except ValueError:
            return None
