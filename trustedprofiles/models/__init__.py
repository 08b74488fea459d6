from trustedprofiles.models.access_group import AccessGroup, GroupMember, GroupRule
from trustedprofiles.models.account import Account, ResourceGroup, User
from trustedprofiles.models.account_settings import AccountWideSettings
from trustedprofiles.models.identity import ProfileIdentity
from trustedprofiles.models.link import ProfileLink
from trustedprofiles.models.policy import Policy
from trustedprofiles.models.preference import Preference
from trustedprofiles.models.profile import TrustedProfile
from trustedprofiles.models.role import CustomRole
from trustedprofiles.models.rule import ClaimRule
from trustedprofiles.models.service_id import ServiceId, ServiceIdGroup
from trustedprofiles.models.tag import Tag, TagAttachment

__all__ = [
    "AccessGroup",
    "Account",
    "AccountWideSettings",
    "ClaimRule",
    "CustomRole",
    "GroupMember",
    "GroupRule",
    "Policy",
    "Preference",
    "ProfileIdentity",
    "ProfileLink",
    "ResourceGroup",
    "ServiceId",
    "ServiceIdGroup",
    "Tag",
    "TagAttachment",
    "TrustedProfile",
    "User",
]
