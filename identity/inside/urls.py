"""``/identity/v1``, and the old name that bare metal never had."""

from django.urls import path

from identity.inside import views

urlpatterns = [
    path("identity/v1/token", views.token),
    path("identity/v1/iam_tokens", views.iam_token),
    path("identity/v1/certificates", views.certificate),
    path("instance_identity/v1/token", views.old_name(views.token)),
    path("instance_identity/v1/iam_token", views.old_name(views.iam_token)),
    path("instance_identity/v1/certificates", views.old_name(views.certificate)),
]
