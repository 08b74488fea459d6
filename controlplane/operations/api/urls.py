from django.urls import path

from controlplane.operations.api import clock, jobs, keys, renewals

urlpatterns = [
    path("clock", clock.Clock.as_view()),
    path("jobs", jobs.Jobs.as_view()),
    path("keys", keys.Keys.as_view()),
    path("certificate_renewals", renewals.CertificateRenewals.as_view()),
]
