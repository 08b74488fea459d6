from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "controlplane.activity"
    verbose_name = "Activity"
