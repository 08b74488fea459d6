from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "controlplane.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from controlplane import celery  # noqa: F401, PLC0415  makes our Celery app the current one in every process
