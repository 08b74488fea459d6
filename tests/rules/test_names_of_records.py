"""What pages and refusals call the kinds of records."""

import re

from django.apps import apps

from tests.tables import assert_none

NO_PLURAL_BY_S = re.compile(r"(s|x|sh|ch|[^aeiou]y)$")


def test_the_plural_of_a_record_is_english() -> None:
    """Django adds an s to whatever says nothing: prefixs, tallys."""
    models = list(apps.get_models())
    names = {each._meta.label: (str(each._meta.verbose_name), str(each._meta.verbose_name_plural)) for each in models}
    wrong_plurals = {
        label: plural for label, (name, plural) in names.items() if plural == f"{name}s" and NO_PLURAL_BY_S.search(name)
    }
    assert_none(wrong_plurals, among=models)
