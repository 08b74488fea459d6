"""The rows of the stock images."""

import hashlib
import uuid
from datetime import datetime

from controlplane.kernel import ids
from servers import catalog
from servers.models import Image


def seed_images(region: str, now: datetime) -> int:
    """Create the missing stock images of a region, and return how many were missing.

    Their ids are derived from region and name, so that two machines that start at the same time do not create them
    twice.
    """
    names = set(Image.objects.filter(region=region, account=None).values_list("name", flat=True))
    missing = [stock for stock in catalog.stock_images().values() if stock.name not in names]
    Image.objects.bulk_create([_row(stock, region, now) for stock in missing], ignore_conflicts=True)
    return len(missing)


def _row(stock: catalog.StockImage, region: str, now: datetime) -> Image:
    return Image(
        id=f"{ids.region_prefix(region)}-{uuid.uuid5(uuid.NAMESPACE_OID, f'{region}:{stock.name}')}",
        name=stock.name,
        region=region,
        operating_system=stock.operating_system,
        user_data_format=catalog.operating_systems()[stock.operating_system].user_data_format,
        file_size=stock.file_size,
        sha256=hashlib.sha256(stock.name.encode()).hexdigest(),
        allowed_use=stock.allowed_use,
        created_at=now,
    )
