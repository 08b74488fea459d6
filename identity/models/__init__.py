from identity.models.certificate import IssuedCertificate
from identity.models.certificate_renewal import CertificateRotation, RenewalProgress
from identity.models.credential import ApiKey, RefreshToken, StoredValue
from identity.models.key import STATES_THAT_VERIFY, KeyPair, KnownAnswer
from identity.models.revocation_list import RevocationList

__all__ = [
    "STATES_THAT_VERIFY",
    "ApiKey",
    "CertificateRotation",
    "IssuedCertificate",
    "KeyPair",
    "KnownAnswer",
    "RefreshToken",
    "RenewalProgress",
    "RevocationList",
    "StoredValue",
]
