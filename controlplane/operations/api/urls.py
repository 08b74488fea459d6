from django.urls import path

from controlplane.operations.api import certificate_renewals, clock, jobs, keys, not_simulated

urlpatterns = [
    path("clock", clock.Clock.as_view()),
    path("jobs", jobs.Jobs.as_view()),
    path("keys", keys.Keys.as_view()),
    path("certificate_renewals", certificate_renewals.CertificateRenewals.as_view()),
    path("not_simulated/<slug:slug>", not_simulated.refuse),
    path("not_simulated/<slug:slug>/<path:rest>", not_simulated.refuse),
]
