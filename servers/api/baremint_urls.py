"""Routes that Baremint adds to the VPC API: under ``/_baremint/``, never on an emulated path."""

from django.urls import path

from servers.api import account, addresses

urlpatterns = [
    path("account", account.OneAccount.as_view()),
    path("bare_metal_servers", addresses.ServerAddresses.as_view()),
]
