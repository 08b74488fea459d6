"""What pages and refusals call the kinds of records."""

import re

import pytest
from django.apps import apps
from django.db.models import Model

NO_PLURAL_BY_S = re.compile(r"(s|x|sh|ch|[^aeiou]y)$")


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_the_plural_of_a_record_is_english(model: type[Model]) -> None:
    """Django adds an s to whatever says nothing: prefixs, tallys."""
    name, plural = str(model._meta.verbose_name), str(model._meta.verbose_name_plural)
    assert plural != f"{name}s" or not NO_PLURAL_BY_S.search(name)
