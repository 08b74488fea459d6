from django.apps import AppConfig

from identity.key_periods import configured_key_times


class IdentityConfig(AppConfig):
    name = "identity"
    verbose_name = "Keys, tokens and certificates"

    def ready(self) -> None:
        configured_key_times()  # periods that contradict each other end every process before it starts anything
        from identity import checks, receivers  # noqa: F401, PLC0415  models are loaded by now
