"""The URLs of the control plane. The paths of IBM's hosts do not collide, so one origin serves them all."""

from django.contrib import admin
from django.urls import include, path

from controlplane.apidocs import views as openapi
from controlplane.cloudservice.registry import services
from controlplane.console.views.session import AdminLogin
from controlplane.observability import views as operations
from controlplane.observability.metrics.views import metrics

urlpatterns = [
    path("v1/", include("servers.api.urls")),
    path("_baremint/", include("servers.api.baremint_urls")),
    path("_baremint/", include("controlplane.operations.api.urls")),
    path("_baremint/", include("identity.api.baremint_urls")),
    path("pki/", include("identity.pki.urls")),
    path("", include("trustedprofiles.api.urls")),
    path("", include("controlplane.resourcecontroller.api.urls")),
    path("", include("identity.api.urls")),
    path("", include("identity.iam.urls")),
    *(path(each.api.prefix, include(each.api.urls)) for each in services().values() if each.api),
    path("admin/login/", AdminLogin.as_view()),
    path("admin/", admin.site.urls),
    path("docs", openapi.as_page),
    path("docs/openapi.json", openapi.as_json),
    path("healthz", operations.healthz),
    path("readyz", operations.readyz),
    path("metrics", metrics),
    path("", include("controlplane.console.urls")),
]

handler400 = "controlplane.console.views.errors.malformed"
handler403 = "controlplane.kernel.envelopes.handler403"
handler404 = "controlplane.console.views.errors.not_found"
handler500 = "controlplane.console.views.errors.broken"
