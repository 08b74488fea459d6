"""Every door of the control plane. The real hosts' paths do not collide, so one origin serves them all."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from controlplane.operations import views as operations

urlpatterns = [
    path("v1/", include("servers.api.urls")),
    path("", include("trustedprofiles.api.urls")),
    path("", include("identity.iam.urls")),
    path("admin/", admin.site.urls),
    path("docs/openapi.json", SpectacularAPIView.as_view(), name="openapi"),
    path("healthz", operations.healthz),
    path("readyz", operations.readyz),
    path("", operations.index),
]

handler400 = "controlplane.kernel.envelopes.handler400"
handler403 = "controlplane.kernel.envelopes.handler403"
handler404 = "controlplane.kernel.envelopes.handler404"
handler500 = "controlplane.kernel.envelopes.handler500"
