from django.apps import AppConfig


class InstancesConfig(AppConfig):
    name = "controlplane.instances"
    label = "instances"
    verbose_name = "Service instances"
