from trustedprofiles.models.account import Account, ResourceGroup, User
from trustedprofiles.models.link import ProfileLink
from trustedprofiles.models.policy import Policy
from trustedprofiles.models.profile import TrustedProfile
from trustedprofiles.models.tag import Tag, TagAttachment

__all__ = ["Account", "Policy", "ProfileLink", "ResourceGroup", "Tag", "TagAttachment", "TrustedProfile", "User"]
