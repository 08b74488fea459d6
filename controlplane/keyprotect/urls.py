"""The paths of Key Protect, below ``/api/v2/``."""

from django.urls import path, re_path

from controlplane.keyprotect.api import aliases, data_keys, key_actions, key_rings, keys, not_served

KEY = "keys/<str:key_id>"
ACTIONS = {
    "wrap": data_keys.Wrap,
    "unwrap": data_keys.Unwrap,
    "rewrap": data_keys.Rewrap,
    "rotate": key_actions.Rotate,
    "disable": key_actions.Disable,
    "enable": key_actions.Enable,
}

urlpatterns = [
    path("keys", keys.Keys.as_view()),
    re_path("^(?P<rest>keys/registrations)$", not_served.refuse),
    path(KEY, keys.KeyByID.as_view()),
    path(f"{KEY}/metadata", keys.KeyMetadata.as_view()),
    path(f"{KEY}/purge", keys.Purge.as_view()),
    path(f"{KEY}/restore", key_actions.Restore.as_view()),
    path(f"{KEY}/versions", key_actions.Versions.as_view()),
    *(path(f"{KEY}/actions/{name}", view.as_view()) for name, view in ACTIONS.items()),
    path(f"{KEY}/aliases/<str:alias>", aliases.Alias.as_view()),
    path("key_rings", key_rings.KeyRings.as_view()),
    path("key_rings/<str:ring_id>", key_rings.KeyRing.as_view()),
    re_path(r"^(?P<rest>(?s:.*))\Z", not_served.refuse),
]
