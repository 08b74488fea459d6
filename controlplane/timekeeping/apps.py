from django.apps import AppConfig


class TimekeepingConfig(AppConfig):
    name = "controlplane.timekeeping"
    verbose_name = "Timekeeping"

    def ready(self) -> None:
        from controlplane.kernel import clock  # noqa: PLC0415
        from controlplane.timekeeping.selectors import read_setting  # noqa: PLC0415  models are loaded by now

        clock.follow(read_setting)
