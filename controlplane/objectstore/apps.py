from django.apps import AppConfig


class ObjectStoreConfig(AppConfig):
    name = "controlplane.objectstore"
    label = "objectstore"
    verbose_name = "Object store"
