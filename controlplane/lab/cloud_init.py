"""What a first boot finds: the seed of cloud-init's NoCloud data source, which is also what IBM's config drive holds.

``meta-data`` is YAML, written as JSON scalars, which YAML is a superset of.
"""

import json
from collections.abc import Sequence


def meta_data(*, instance_id: str, hostname: str, public_keys: Sequence[str]) -> str:
    """The keys that cloud-init, Ignition and Afterburn read."""
    lines = [f"instance-id: {json.dumps(instance_id)}", f"local-hostname: {json.dumps(hostname)}"]
    if public_keys:
        lines += ["public-keys:", *(f"  - {json.dumps(key)}" for key in public_keys)]
    return "\n".join(lines) + "\n"
