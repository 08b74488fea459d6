from identity.models.certificate import IssuedCertificate
from identity.models.credential import ApiKey, RefreshToken
from identity.models.key import KeyPair, KnownAnswer

__all__ = ["ApiKey", "IssuedCertificate", "KeyPair", "KnownAnswer", "RefreshToken"]
