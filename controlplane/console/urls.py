"""The pages of the console."""

from django.urls import path

from controlplane.console.views import (
    creation,
    explain,
    front,
    inspector,
    keys,
    profiles,
    reports,
    server,
    servers,
    session,
    tryit,
)

urlpatterns = [
    path("", front.front),
    path("login", session.Login.as_view()),
    path("logout", session.Logout.as_view()),
    path("theme", session.theme),
    path("servers", servers.servers),
    path("servers/table", servers.table),
    path("servers/actions", servers.bulk),
    path("servers/new", creation.create),
    path("servers/<str:server_id>", server.server),
    path("servers/<str:server_id>/state", server.state),
    path("servers/<str:server_id>/holdings", server.holdings),
    path("servers/<str:server_id>/metadata", server.switch),
    path("servers/<str:server_id>/actions", server.act),
    path("servers/<str:server_id>/initialization", creation.initialize),
    path("servers/<str:server_id>/try", tryit.try_it),
    path("profiles", profiles.profiles),
    path("profiles/<str:profile_id>", profiles.profile),
    path("profiles/<str:profile_id>/state", profiles.state),
    path("profiles/<str:profile_id>/preview", profiles.rule_preview),
    path("profiles/<str:profile_id>/rules", profiles.add_rule),
    path("profiles/<str:profile_id>/rules/delete", profiles.remove_rule),
    path("profiles/<str:profile_id>/links", profiles.add_link),
    path("profiles/<str:profile_id>/links/delete", profiles.remove_link),
    path("explain", explain.explanation),
    path("inspector", inspector.inspector),
    path("keys", keys.keys),
    path("keys/state", keys.state),
    path("keys/rotate", keys.rotate),
    path("_baremint/csp-reports", reports.csp_report),
]
