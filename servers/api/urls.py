"""The VPC API, in the order of IBM's reference."""

from django.urls import path

from servers.api import actions, bare_metal_servers, catalog, hardware, initialization, network

urlpatterns = [
    path("bare_metal_server/profiles", catalog.Profiles.as_view()),
    path("bare_metal_server/profiles/<str:name>", catalog.OneProfile.as_view()),
    path("bare_metal_servers", bare_metal_servers.BareMetalServers.as_view()),
    path("bare_metal_servers/<str:server_id>", bare_metal_servers.OneBareMetalServer.as_view()),
    path("bare_metal_servers/<str:server_id>/disks", hardware.Disks.as_view()),
    path("bare_metal_servers/<str:server_id>/disks/<str:disk_id>", hardware.OneDisk.as_view()),
    path("bare_metal_servers/<str:server_id>/network_interfaces", hardware.Interfaces.as_view()),
    path("bare_metal_servers/<str:server_id>/network_interfaces/<str:interface_id>", hardware.OneInterface.as_view()),
    path("bare_metal_servers/<str:server_id>/initialization", initialization.Initialization.as_view()),
    path("bare_metal_servers/<str:server_id>/restart", actions.ServerAction.as_view(action="restart")),
    path("bare_metal_servers/<str:server_id>/start", actions.ServerAction.as_view(action="start")),
    path("bare_metal_servers/<str:server_id>/stop", actions.StopAction.as_view(action="stop")),
    path("images", catalog.Images.as_view()),
    path("images/<str:image_id>", catalog.OneImage.as_view()),
    path("operating_systems", catalog.OperatingSystems.as_view()),
    path("operating_systems/<str:name>", catalog.OneOperatingSystem.as_view()),
    path("keys", network.Keys.as_view()),
    path("keys/<str:key_id>", network.OneKey.as_view()),
    path("regions", catalog.Regions.as_view()),
    path("regions/<str:name>", catalog.OneRegion.as_view()),
    path("regions/<str:region>/zones", catalog.Zones.as_view()),
    path("regions/<str:region>/zones/<str:name>", catalog.OneZone.as_view()),
    path("subnets", network.Subnets.as_view()),
    path("subnets/<str:subnet_id>", network.OneSubnet.as_view()),
    path("subnets/<str:subnet_id>/reserved_ips", network.ReservedIPs.as_view()),
    path("subnets/<str:subnet_id>/reserved_ips/<str:ip_id>", network.OneReservedIP.as_view()),
    path("vpcs", network.VPCs.as_view()),
    path("vpcs/<str:vpc_id>", network.OneVPC.as_view()),
]
