"""The only door that a server's own network can reach."""

from identity.inside.urls import urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

handler400 = "controlplane.kernel.envelopes.handler400"
handler403 = "controlplane.kernel.envelopes.handler403"
handler404 = "controlplane.kernel.envelopes.handler404"
handler500 = "controlplane.kernel.envelopes.handler500"
