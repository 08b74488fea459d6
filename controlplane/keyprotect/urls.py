"""The paths of Key Protect, below ``/api/v2/``."""

from django.urls import path, re_path

from controlplane.keyprotect.api import (
    aliases,
    import_tokens,
    key_actions,
    key_rings,
    keys,
    not_served,
    policies,
    registrations,
)

KEY = "keys/<str:key_id>"
ACTIONS = {
    **{name: view.as_view() for name, view in key_actions.ACTIONS.items() if name != "restore"},
    "sync": key_actions.Synchronize.as_view(),
}

urlpatterns = [
    path("keys", keys.Keys.as_view()),
    path("keys_with_policy_overrides", keys.KeysWithPolicyOverrides.as_view()),
    path("keys/registrations", registrations.AllRegistrations.as_view()),
    path(KEY, keys.KeyByID.as_view()),
    path(f"{KEY}/metadata", keys.KeyMetadata.as_view()),
    path(f"{KEY}/purge", keys.Purge.as_view()),
    path(f"{KEY}/restore", key_actions.Restore.as_view()),
    path(f"{KEY}/versions", key_actions.Versions.as_view()),
    *(path(f"{KEY}/actions/{name}", view) for name, view in ACTIONS.items()),
    path(f"{KEY}/aliases/<str:alias>", aliases.Alias.as_view()),
    path(f"{KEY}/policies", policies.KeyPolicies.as_view()),
    path(f"{KEY}/registrations", registrations.Registrations.as_view()),
    path(f"{KEY}/registrations/<path:resource_crn>", registrations.Registration.as_view()),
    path("key_rings", key_rings.KeyRings.as_view()),
    path("key_rings/<str:ring_id>", key_rings.KeyRing.as_view()),
    path("instance/policies", policies.InstancePolicies.as_view()),
    path("instance/allowed_ip_port", policies.AllowedPort.as_view()),
    path("import_token", import_tokens.ImportToken.as_view()),
    re_path(r"^(?P<rest>(?s:.*))\Z", not_served.refuse),
]
