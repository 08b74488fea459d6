"""Paths of ``resource-controller.cloud.ibm.com`` and ``globalcatalog.cloud.ibm.com``.

An encoded CRN in a path has a slash when Django sees it, so the id of an instance is the rest of a path, up to a known
end.
"""

from django.urls import path

from controlplane.resourcecontroller.api import catalog, instances, not_simulated, reclamations
from controlplane.resourcecontroller.api.converters import REST

urlpatterns = [
    path("v2/resource_instances", instances.Instances.as_view()),
    path(f"v2/resource_instances/<{REST}:instance_id>/lock", instances.Lock.as_view()),
    *not_simulated.urls(),
    path(f"v2/resource_instances/<{REST}:instance_id>", instances.Instance.as_view()),
    path("v1/reclamations", reclamations.Reclamations.as_view()),
    path("v1/reclamations/<str:reclamation_id>/actions/<str:action_name>", reclamations.Action.as_view()),
    path("api/v1", catalog.Entries.as_view()),
    path("api/v1/", catalog.Entries.as_view()),
    path("api/v1/<str:entry_id>", catalog.OneEntry.as_view()),
    path("api/v1/<str:entry_id>/<str:child_kind>", catalog.Children.as_view()),
]
