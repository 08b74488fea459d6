from django.apps import AppConfig

from controlplane.kernel import clock


class TimekeepingConfig(AppConfig):
    name = "controlplane.timekeeping"
    verbose_name = "Timekeeping"

    def ready(self) -> None:
        from controlplane.timekeeping.selectors import read_setting  # noqa: PLC0415  models are loaded by now

        clock.follow(read_setting)
