"""Write the seed of cloud-init's NoCloud data source, which has the same content as IBM's config drive.

``meta-data`` is YAML whose values are JSON scalars, because YAML is a superset of JSON.
"""

import json
from collections.abc import Sequence


def meta_data(*, instance_id: str, hostname: str, public_keys: Sequence[str]) -> str:
    """Return the text of ``meta-data`` with the keys that cloud-init, Ignition and Afterburn read."""
    lines = [f"instance-id: {json.dumps(instance_id)}", f"local-hostname: {json.dumps(hostname)}"]
    if public_keys:
        lines += ["public-keys:", *(f"  - {json.dumps(key)}" for key in public_keys)]
    return "\n".join(lines) + "\n"
