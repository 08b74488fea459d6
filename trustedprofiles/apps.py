from django.apps import AppConfig


class TrustedProfilesConfig(AppConfig):
    name = "trustedprofiles"
    verbose_name = "Trusted profiles and access"
