"""The caller of a request: the subject of a verified IAM token."""

from dataclasses import dataclass, field
from typing import Literal

SubjectType = Literal["User", "ServiceId", "Profile", "ComputeResource"]


@dataclass(frozen=True)
class Caller:
    iam_id: str
    """``IBMid-...``, ``iam-ServiceId-...`` or ``iam-Profile-...``."""
    account_id: str
    name: str
    sub_type: SubjectType
    identifier: str = ""
    compute_resource_crn: str = ""
    """The server behind a token of sub_type ComputeResource."""
    assumed_by: str = ""
    """The identity that assumed the profile by the assume grant: id of a service ID, CRN of a server, or IAM id of a
    user."""

    token_id: str = field(default="", compare=False)
    """``jti`` of the token."""
    key_id: str = field(default="", compare=False)
    """``kid`` of the key that signed it."""

    @property
    def is_authenticated(self) -> bool:
        """DRF reads this attribute of every user."""
        return True

    @property
    def pk(self) -> str:
        return self.iam_id
