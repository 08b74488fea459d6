from django.urls import path

from controlplane.operations.api import clock, jobs

urlpatterns = [
    path("clock", clock.Clock.as_view()),
    path("jobs", jobs.Jobs.as_view()),
]
