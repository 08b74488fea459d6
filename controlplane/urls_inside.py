"""The URLs of the metadata service, the only service that a server's network can reach."""

from django.urls import include, path

from controlplane.observability import views as operations

urlpatterns = [
    path("", include("identity.inside.urls")),
    path("healthz", operations.healthz),
    path("readyz", operations.readyz_inside),
]

handler400 = "controlplane.kernel.envelopes.handler400"
handler403 = "controlplane.kernel.envelopes.handler403"
handler404 = "controlplane.kernel.envelopes.handler404"
handler500 = "controlplane.kernel.envelopes.handler500"
