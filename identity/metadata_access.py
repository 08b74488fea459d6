"""Whether a server may use its metadata service now: the switches of its account and its own."""

from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Refused, Verdict

SWITCH = '{"metadata_service": {"enabled": true}}'


def may_use_metadata(facts: ServerFacts) -> Verdict:
    """Return Allowed when both switches are on."""
    if not facts.metadata_allowed:
        return Refused(
            "The account has turned the metadata service off for all of its servers, whatever their own switches say. "
            f"Turn it on again: PATCH /_baremint/account with {SWITCH}, or in the console."
        )
    if not facts.metadata_enabled:
        return Refused(
            "The metadata service is not enabled on this server. Enable it: "
            f"PATCH /v1/bare_metal_servers/{facts.id} with {SWITCH}, or in the console."
        )
    return Allowed(
        f"The metadata service is enabled on this server, and answers {facts.metadata_protocol} only.",
        source=facts.crn,
    )
