from django.urls import path

from controlplane.operations.api import clock

urlpatterns = [
    path("clock", clock.Clock.as_view()),
]
