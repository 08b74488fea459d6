"""The tags of resources."""

from collections.abc import Mapping, Sequence

from trustedprofiles import access, tag_rules
from trustedprofiles.models import TagAttachment
from trustedprofiles.tag_rules import CRN


def with_tags(
    resources: Sequence[Mapping[str, str]], policies: Sequence[access.PolicyFacts], *, account_id: str
) -> list[access.Attributes]:
    """Return the resources without their CRNs, and with their access tags if a policy selects by tags."""
    uses_tags = any(condition.key.startswith(access.TAG) for policy in policies for condition in policy.resource)
    crns = {crn for resource in resources if uses_tags and (crn := resource.get(CRN))}
    tags = tags_on(account_id, list(crns)) if crns else {}
    return [
        {**plain(resource), **access.tag_attributes(tags[resource[CRN]][tag_rules.ACCESS])}
        if resource.get(CRN) in tags
        else plain(resource)
        for resource in resources
    ]


def plain(resource: access.Attributes) -> dict[str, str]:
    """Return the attributes that conditions can name, without the tags."""
    return {name: value for name, value in resource.items() if isinstance(value, str) and name != CRN}


def tags_on(account_id: str, crns: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Return the names of each resource's tags by type, in order; both types are always present."""
    tags: dict[str, dict[str, list[str]]] = {crn: {type: [] for type in tag_rules.TYPES} for crn in crns}
    rows = TagAttachment.objects.filter(tag__account_id=account_id, crn__in=crns).order_by("tag__name")
    for crn, type, name in rows.values_list("crn", "tag__type", "tag__name"):
        tags[crn][type].append(name)
    return tags
