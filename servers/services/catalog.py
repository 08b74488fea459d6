"""Stock images, as rows."""

import hashlib
from datetime import datetime

from django.db import transaction

from controlplane.kernel import ids
from servers import catalog
from servers.models import Image


@transaction.atomic
def seed_images(region: str, now: datetime) -> int:
    """Make the stock images a region lacks. Returns how many were made."""
    known = set(Image.objects.filter(region=region, account=None).values_list("name", flat=True))
    missing = [row for row in catalog.stock_images() if row["name"] not in known]
    for row in missing:
        Image.objects.create(
            id=ids.regional_id(region),
            name=row["name"],
            region=region,
            operating_system=row["operating_system"],
            user_data_format=catalog.operating_systems()[row["operating_system"]].user_data_format,
            file_size=row["file_size"],
            sha256=hashlib.sha256(row["name"].encode()).hexdigest(),
            created_at=now,
        )
    return len(missing)
