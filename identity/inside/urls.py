"""``/identity/v1``, the old name that bare metal never had, and ``/metadata/v1``."""

from django.urls import path

from identity.inside import metadata, views

urlpatterns = [
    path("identity/v1/token", views.token),
    path("identity/v1/iam_tokens", views.iam_token),
    path("identity/v1/certificates", views.certificate),
    path("metadata/v1/bare_metal_servers/<str:server_id>", metadata.server),
    path("metadata/v1/bare_metal_servers/<str:server_id>/initialization", metadata.initialization),
    path("instance_identity/v1/token", views.old_name(views.token)),
    path("instance_identity/v1/iam_token", views.old_name(views.iam_token)),
    path("instance_identity/v1/certificates", views.old_name(views.certificate)),
]
