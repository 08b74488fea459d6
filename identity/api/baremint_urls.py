"""``/_baremint/bare_metal_servers/{server_id}``: certificates of a server, and their rotation."""

from django.urls import path

from identity.api import certificate_renewal_switch, certificates

SERVER = "bare_metal_servers/<str:server_id>"
urlpatterns = [
    path(f"{SERVER}/certificates", certificates.Certificates.as_view()),
    path(f"{SERVER}/certificates/<str:certificate_id>", certificates.OneCertificate.as_view()),
    path(f"{SERVER}/certificates/<str:certificate_id>/revoke", certificates.Revocation.as_view()),
    path(f"{SERVER}/certificate_rotation", certificate_renewal_switch.Rotation.as_view()),
]
