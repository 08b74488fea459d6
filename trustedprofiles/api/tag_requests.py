"""Request bodies about tags."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import StrictCharField, StrictSerializer
from trustedprofiles.search_query import SearchQuery, parse_query

MOST_IN_A_REQUEST = 100
LONGEST_TEXT = 1000
LONGEST_QUERY = 8000


class TagCreation(StrictSerializer):
    tag_names = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_TEXT), min_length=1, max_length=MOST_IN_A_REQUEST
    )


class Resource(StrictSerializer):
    resource_id = StrictCharField(max_length=LONGEST_TEXT, trim_whitespace=False)  # the answer repeats it
    resource_type = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    """A type of classic infrastructure; Terraform sends an empty one."""


class QueryString(StrictSerializer):
    query_string = StrictCharField(max_length=LONGEST_QUERY)

    def validate_query_string(self, value: str) -> SearchQuery:
        try:
            return parse_query(value)
        except ValueError as problem:
            raise serializers.ValidationError(str(problem)) from None


class Tagging(StrictSerializer):
    """Tags, and the resources to attach them to or detach them from. ``tag_name`` is added to ``tag_names``; ``query``
    finds resources in addition to those that are named (D-24)."""

    tag_name = StrictCharField(required=False, max_length=LONGEST_TEXT)
    tag_names = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_TEXT), required=False, max_length=MOST_IN_A_REQUEST
    )
    resources = serializers.ListField(child=Resource(), required=False, min_length=1, max_length=MOST_IN_A_REQUEST)
    query = QueryString(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"resources", "query"} & attrs.keys():
            raise serializers.ValidationError({"resources": ["This field is required."]}, code="required")
        names = [attrs["tag_name"]] if "tag_name" in attrs else []
        names += attrs.get("tag_names", [])
        if not names:
            raise serializers.ValidationError({"tag_names": ["This field is required."]}, code="required")
        return {
            "names": names,
            "resources": [each["resource_id"] for each in attrs.get("resources", [])],
            "wanted": attrs["query"]["query_string"] if "query" in attrs else None,
        }


class SearchRequest(StrictSerializer):
    query = StrictCharField(required=False, max_length=LONGEST_QUERY)
    fields = serializers.ListField(  # type: ignore[assignment]
        child=StrictCharField(max_length=LONGEST_TEXT), required=False, max_length=MOST_IN_A_REQUEST
    )
    search_cursor = StrictCharField(required=False)
