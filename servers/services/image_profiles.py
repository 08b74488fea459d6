"""The published profiles of virtual servers that an image can be used with."""

from servers import catalog
from servers.allowed_use import usable_by_instance
from servers.models import Image

NO_GPU = (0, "", "", 0)


def instance_profiles_for(image: Image) -> list[catalog.InstanceProfile]:
    """Return the profiles that the image's ``allowed_use.instance`` allows, sorted by name.

    Source: VPC API reference, "List instance profiles compatible with an image". Images that take an ESXi or iPXE
    script are for bare metal servers only.
    """
    if image.user_data_format != "cloud_init":
        return []
    profiles = catalog.instance_profiles()
    hardware = set(map(_of, profiles))
    usable = {each for each in hardware if usable_by_instance(image.allowed_use_instance, vcpu=each[0], gpu=each[1])}
    return [profile for profile in profiles if _of(profile) in usable]


def _of(profile: catalog.InstanceProfile) -> tuple[int, tuple[int, str, str, int]]:
    """Return the hardware that an expression can refer to, which is the same for many profiles."""
    gpu = profile.gpu
    if gpu is None:
        return profile.vcpu, NO_GPU
    return profile.vcpu, (profile.gpu_count, gpu.manufacturer, gpu.model, profile.gpu_count * gpu.memory)
