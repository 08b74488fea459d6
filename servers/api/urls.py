"""The VPC API, in the order of IBM's reference."""

from django.urls import URLPattern, URLResolver, include, path

from servers.api import (
    actions,
    address_prefixes,
    bare_metal_servers,
    capacities,
    disks,
    floating_ips,
    images,
    initialization,
    interface_floating_ips,
    keys,
    network_acl_rules,
    network_acls,
    network_attachments,
    network_interfaces,
    not_simulated,
    operating_systems,
    profiles,
    regions,
    reserved_ips,
    routing_tables,
    security_group_rules,
    security_groups,
    subnet_attachments,
    subnets,
    virtual_interfaces,
    vpc_defaults,
    vpcs,
)

of_an_interface = [
    path("", network_interfaces.OneInterface.as_view()),
    path("/ips", network_interfaces.InterfaceAddresses.as_view()),
    path("/ips/<str:ip_id>", network_interfaces.OneInterfaceAddress.as_view()),
    path("/floating_ips", interface_floating_ips.InterfaceFloatingIPs.as_view()),
    path("/floating_ips/<str:ip_id>", interface_floating_ips.OneInterfaceFloatingIP.as_view()),
]
of_a_server: list[URLPattern | URLResolver] = [
    path("console_access_token", actions.ConsoleAccessToken.as_view()),
    path("disks", disks.Disks.as_view()),
    path("disks/<str:disk_id>", disks.OneDisk.as_view()),
    path("firmware/update", actions.FirmwareUpdate.as_view()),
    path("initialization", initialization.Initialization.as_view()),
    path("network_attachments", network_attachments.Attachments.as_view()),
    path("network_attachments/<str:attachment_id>", network_attachments.OneAttachment.as_view()),
    path("network_interfaces", network_interfaces.Interfaces.as_view()),
    path("network_interfaces/<str:interface_id>", include(of_an_interface)),
    path("restart", actions.ServerAction.as_view(action="restart")),
    path("start", actions.ServerAction.as_view(action="start")),
    path("stop", actions.ServerAction.as_view(action="stop")),
]
of_a_subnet = [
    path("network_acl", subnet_attachments.SubnetNetworkACL.as_view()),
    path("public_gateway", subnet_attachments.SubnetPublicGateway.as_view()),
    path("reserved_ips", reserved_ips.ReservedIPs.as_view()),
    path("reserved_ips/<str:ip_id>", reserved_ips.OneReservedIP.as_view()),
    path("routing_table", subnet_attachments.SubnetRoutingTable.as_view()),
]
of_a_vpc = [
    path("address_prefixes", address_prefixes.AddressPrefixes.as_view()),
    path("address_prefixes/<str:prefix_id>", address_prefixes.OneAddressPrefix.as_view()),
    path("default_network_acl", vpc_defaults.DefaultNetworkACL.as_view()),
    path("default_routing_table", vpc_defaults.DefaultRoutingTable.as_view()),
    path("default_security_group", vpc_defaults.DefaultSecurityGroup.as_view()),
    path("routing_tables", routing_tables.RoutingTables.as_view()),
    path("routing_tables/<str:table_id>", routing_tables.OneRoutingTable.as_view()),
    path("routing_tables/<str:table_id>/routes", routing_tables.Routes.as_view()),
]

of_a_virtual_interface = [
    path("", virtual_interfaces.OneVirtualInterface.as_view()),
    path("/ips", virtual_interfaces.VirtualInterfaceAddresses.as_view()),
    path("/ips/<str:ip_id>", virtual_interfaces.OneVirtualInterfaceAddress.as_view()),
    path("/floating_ips", interface_floating_ips.VirtualInterfaceFloatingIPs.as_view()),
    path("/floating_ips/<str:ip_id>", interface_floating_ips.OneVirtualInterfaceFloatingIP.as_view()),
]

of_a_network_acl = [
    path("", network_acls.OneNetworkACL.as_view()),
    path("/rules", network_acl_rules.NetworkACLRules.as_view()),
    path("/rules/<str:rule_id>", network_acl_rules.OneNetworkACLRule.as_view()),
]
of_a_security_group = [
    path("", security_groups.OneSecurityGroup.as_view()),
    path("/rules", security_group_rules.SecurityGroupRules.as_view()),
    path("/rules/<str:rule_id>", security_group_rules.OneSecurityGroupRule.as_view()),
    path("/targets", security_groups.SecurityGroupTargets.as_view()),
    path("/targets/<str:target_id>", security_groups.OneSecurityGroupTarget.as_view()),
]

urlpatterns = [
    path("bare_metal_server/capacities", capacities.Capacities.as_view()),
    path("bare_metal_server/profiles", profiles.Profiles.as_view()),
    path("bare_metal_server/profiles/<str:name>", profiles.OneProfile.as_view()),
    path("bare_metal_servers", bare_metal_servers.BareMetalServers.as_view()),
    path("bare_metal_servers/<str:server_id>", bare_metal_servers.OneBareMetalServer.as_view()),
    path("bare_metal_servers/<str:server_id>/", include(of_a_server)),
    path("floating_ips", floating_ips.FloatingIPs.as_view()),
    path("floating_ips/<str:ip_id>", floating_ips.OneFloatingIP.as_view()),
    path("images", images.Images.as_view()),
    path("images/<str:image_id>", images.OneImage.as_view()),
    path("images/<str:image_id>/bare_metal_server_profiles", images.ImageProfiles.as_view()),
    path("images/<str:image_id>/deprecate", images.DeprecateImage.as_view()),
    path("images/<str:image_id>/obsolete", images.ObsoleteImage.as_view()),
    path("keys", keys.Keys.as_view()),
    path("keys/<str:key_id>", keys.OneKey.as_view()),
    path("network_acls", network_acls.NetworkACLs.as_view()),
    path("network_acls/<str:acl_id>", include(of_a_network_acl)),
    path("operating_systems", operating_systems.OperatingSystems.as_view()),
    path("operating_systems/<str:name>", operating_systems.OneOperatingSystem.as_view()),
    path("regions", regions.Regions.as_view()),
    path("regions/<str:name>", regions.OneRegion.as_view()),
    path("regions/<str:region_name>/zones", regions.Zones.as_view()),
    path("regions/<str:region_name>/zones/<str:name>", regions.OneZone.as_view()),
    path("security_groups", security_groups.SecurityGroups.as_view()),
    path("security_groups/<str:group_id>", include(of_a_security_group)),
    path("subnets", subnets.Subnets.as_view()),
    path("subnets/<str:subnet_id>", subnets.OneSubnet.as_view()),
    path("subnets/<str:subnet_id>/", include(of_a_subnet)),
    path("virtual_network_interfaces", virtual_interfaces.VirtualInterfaces.as_view()),
    path("virtual_network_interfaces/<str:interface_id>", include(of_a_virtual_interface)),
    path("vpcs", vpcs.VPCs.as_view()),
    path("vpcs/<str:vpc_id>", vpcs.OneVPC.as_view()),
    path("vpcs/<str:vpc_id>/", include(of_a_vpc)),
    *not_simulated.urls(),
]
