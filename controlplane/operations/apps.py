import gc

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "controlplane.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from controlplane import celery  # noqa: F401, PLC0415  makes our Celery app the current one in every process

        # What is loaded by now stays until the process ends. The collector need not look at it again: not while the
        # rest is imported, not in a forked child, whose copy of each page that it touches is its own, and not at the
        # end, where it would take longer than a short command itself.
        gc.freeze()
