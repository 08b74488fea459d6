"""Many rows like one, beyond any quota and past every service: for what pages cost, and whether they are pages."""

import uuid
from typing import Any

from django.db.models import CharField, Field, GenericIPAddressField, Model, UniqueConstraint, UUIDField


def multiply(row: Model, count: int, **own: Any) -> None:
    """``count`` more rows. What must be unique differs; ``own`` says what else does not stay as it is."""
    model = type(row)
    unique = {name for each in model._meta.constraints if isinstance(each, UniqueConstraint) for name in each.fields}
    fields = [
        field for field in model._meta.concrete_fields if field.get_internal_type() not in ("AutoField", "BigAutoField")
    ]
    columns = {field.attname: getattr(row, field.attname) for field in fields}
    changing = [field for field in fields if field.unique or (field.name in unique and not field.is_relation)]
    model._default_manager.bulk_create(
        model(**{**columns, **{field.attname: _another(field, place) for field in changing}, **own})
        for place in range(count)
    )


def _another(field: "Field[Any, Any]", place: int) -> Any:
    match field:
        case GenericIPAddressField():
            return f"11.0.{place // 250}.{place % 250}"
        case UUIDField():
            return uuid.uuid4()
        case CharField():
            return f"many-{place}"
        case _:
            return None if field.null else 1_000 + place
