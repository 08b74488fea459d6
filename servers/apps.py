from django.apps import AppConfig

from servers import checks  # noqa: F401  registers them


class ServersConfig(AppConfig):
    name = "servers"
    verbose_name = "VPC infrastructure"
