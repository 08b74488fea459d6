from django.apps import AppConfig


class KeyProtectConfig(AppConfig):
    name = "controlplane.keyprotect"
    label = "keyprotect"
    verbose_name = "Key Protect"
