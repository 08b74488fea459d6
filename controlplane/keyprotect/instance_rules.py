"""The part of Key Protect in the life of its instances (controlplane/cloudservice/instance_rules.py)."""

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.models import ImportToken, InstancePolicy, Key, KeyRing
from controlplane.keyprotect.states import State


def refusal_of_deletion(instance: ResourceInstance) -> str:
    """An instance with a key that is not destroyed cannot be deleted (Key Protect contract, section 6.2)."""
    number = Key.objects.filter(instance=instance).exclude(state=State.DESTROYED).count()
    if number:
        # Without their names: who may delete an instance need not be one who may list its keys.
        return f"The instance has keys in it that are not destroyed: {number} in all. Delete them first."
    return ""


def remove_content(instance: ResourceInstance) -> None:
    """Destroyed keys, key rings, policies and the import token are deleted with the instance."""
    Key.objects.filter(instance=instance).delete()
    for model in (KeyRing, InstancePolicy, ImportToken):
        model.objects.filter(instance=instance).delete()
