"""IBM's services, the environment variables of their endpoints, and their paths here.

``terraform`` are the variables that IBM's Terraform provider reads for the endpoint of a service; ``sdks`` are the
names of the service in the configuration of IBM's SDKs (``<NAME>_URL``). Services that are not simulated have a URL
here too, so that their clients do not send Baremint's tokens to the real cloud. The provider derives a few URLs from
the id of an instance regardless of the variables (README, "Terraform").
"""

from dataclasses import dataclass

from controlplane.cloudservice.declaration import CloudService
from controlplane.cloudservice.registry import services

NOT_SIMULATED = "/_baremint/not_simulated"


@dataclass(frozen=True)
class Service:
    name: str
    """The name in IBM's catalog."""
    terraform: tuple[str, ...] = ()
    sdks: tuple[str, ...] = ()
    path: str | None = None
    """Its path on the control plane; None for a service that is not simulated."""
    terraform_path: str | None = None
    """The path in the URL that the provider takes, where it adds the rest itself."""

    @property
    def slug(self) -> str:
        return "-".join("".join(each if each.isalnum() else " " for each in self.name.lower()).split())

    @property
    def provider_path(self) -> str:
        """The path in the URL that the provider takes."""
        return self.url_path if self.terraform_path is None else self.terraform_path

    @property
    def url_path(self) -> str:
        """The path of the service, or of the view that answers 404 with its name."""
        return f"{NOT_SIMULATED}/{self.slug}" if self.path is None else self.path


def _other(name: str, *terraform: str, sdks: tuple[str, ...] = ()) -> Service:
    return Service(name, tuple(f"IBMCLOUD_{each}" for each in terraform), sdks)


def _declared(service: CloudService) -> Service:
    return Service(service.title, service.terraform, service.sdks, service.api.path if service.api else None)


SIMULATED = (
    Service("VPC Infrastructure Services", ("IBMCLOUD_IS_NG_API_ENDPOINT",), ("VPC",), "/v1"),
    Service(
        "IAM",
        ("IBMCLOUD_IAM_API_ENDPOINT", "IBMCLOUD_IAMPAP_API_ENDPOINT", "IAM_ENDPOINT"),
        ("IAM_IDENTITY", "IAM_POLICY_MANAGEMENT", "IAM_ACCESS_GROUPS"),
        "",
    ),
    Service("Resource Manager", ("IBMCLOUD_RESOURCE_MANAGEMENT_API_ENDPOINT",), ("RESOURCE_MANAGER",), ""),
    Service("Resource Controller", ("IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT",), ("RESOURCE_CONTROLLER",), ""),
    Service(
        "Global Catalog", ("IBMCLOUD_RESOURCE_CATALOG_API_ENDPOINT",), ("GLOBAL_CATALOG",), "/api/v1", terraform_path=""
    ),
    Service("Global Tagging", ("IBMCLOUD_GT_API_ENDPOINT",), ("GLOBAL_TAGGING",), ""),
    Service("Global Search", ("IBMCLOUD_GS_API_ENDPOINT",), ("GLOBAL_SEARCH",), ""),
    Service("User Management", ("IBMCLOUD_USER_MANAGEMENT_ENDPOINT",), ("USER_MANAGEMENT",), ""),
    *(_declared(each) for each in services().values() if each.api),
)
OTHERS = (
    _other("Account Management", "ACCOUNT_MANAGEMENT_API_ENDPOINT", sdks=("ACCOUNT_MANAGEMENT",)),
    _other("Activity Tracker Event Routing", "ATRACKER_API_ENDPOINT", sdks=("ATRACKER",)),
    _other("App Configuration", "APP_CONFIG_API_ENDPOINT", "APP_CONFIG_ENDPOINT", sdks=("APP_CONFIGURATION",)),
    _other("App ID", "APPID_MANAGEMENT_API_ENDPOINT"),
    _other(
        "Backup Recovery",
        "BACKUP_RECOVERY_CONNECTOR_ENDPOINT",
        "BACKUP_RECOVERY_ENDPOINT",
        "BACKUP_RECOVERY_MANAGER_ENDPOINT",
    ),
    _other("Case Management", sdks=("CASE_MANAGEMENT",)),
    _other("Catalog Management", "CATALOG_MANAGEMENT_API_ENDPOINT", sdks=("CATALOG_MANAGEMENT",)),
    _other("Certificate Manager", "CERTIFICATE_MANAGER_API_ENDPOINT"),
    Service("Classic Infrastructure", ("IAAS_CLASSIC_ENDPOINT_URL",)),
    _other("Cloud Databases", "DATABASES_API_ENDPOINT", "ICD_API_ENDPOINT", sdks=("CLOUD_DATABASES",)),
    _other("Cloud Foundry", "CF_API_ENDPOINT", "MCCP_API_ENDPOINT", "UAA_ENDPOINT"),
    _other("Cloud Functions", "FUNCTIONS_API_ENDPOINT"),
    _other("Cloud Internet Services", "CIS_API_ENDPOINT"),
    _other("Cloud Logs", "LOGS_API_ENDPOINT"),
    _other("Cloud Logs Routing", "LOGS_ROUTING_API_ENDPOINT", "LOGS_ROUTING_API_ENDPOINT_V3"),
    _other("Cloud Object Storage Resource Configuration", "COS_CONFIG_ENDPOINT", sdks=("RESOURCE_CONFIGURATION",)),
    _other("Cloud Service Endpoint", "CSE_ENDPOINT"),
    _other("Cloud Shell", "CLOUD_SHELL_API_ENDPOINT", sdks=("IBM_CLOUD_SHELL",)),
    _other("Cloudant", "CLOUDANT_API_ENDPOINT", sdks=("CLOUDANT",)),
    _other("Code Engine", "CODE_ENGINE_API_ENDPOINT", sdks=("CODE_ENGINE",)),
    _other("Configuration Aggregator", "CONFIG_AGGREGATOR_ENDPOINT", sdks=("CONFIGURATION_AGGREGATOR",)),
    _other("Container Registry", "CR_API_ENDPOINT", sdks=("CONTAINER_REGISTRY",)),
    _other("Context-Based Restrictions", "CONTEXT_BASED_RESTRICTIONS_ENDPOINT", sdks=("CONTEXT_BASED_RESTRICTIONS",)),
    _other("Continuous Delivery", "TEKTON_PIPELINE_ENDPOINT", "TOOLCHAIN_ENDPOINT", sdks=("CD_TOOLCHAIN",)),
    _other("Db2", "DB2_API_ENDPOINT"),
    _other("Direct Link", "DL_API_ENDPOINT", "DL_PROVIDER_API_ENDPOINT", sdks=("DIRECT_LINK", "DIRECT_LINK_PROVIDER")),
    _other("DNS Services", "PRIVATE_DNS_API_ENDPOINT", sdks=("DNS_SVCS",)),
    _other("Enterprise", "ENTERPRISE_API_ENDPOINT", sdks=("ENTERPRISE_MANAGEMENT", "ENTERPRISE_BILLING_UNITS")),
    _other("Event Notifications", "EVENT_NOTIFICATIONS_API_ENDPOINT", sdks=("EVENT_NOTIFICATIONS",)),
    _other("Hyper Protect Crypto Services", "HPCS_API_ENDPOINT", "HPCS_TKE_ENDPOINT", "HPCS_UKO_URL"),
    _other("Key Protect Dedicated", "KP_CRYPTOUNIT_ENDPOINT"),
    _other("Kubernetes Service", "CS_API_ENDPOINT"),
    _other("Metrics Routing", "METRICS_ROUTING_API_ENDPOINT", sdks=("METRICS_ROUTER",)),
    _other("MQ on Cloud", "MQCLOUD_CONFIG_ENDPOINT"),
    _other("Partner Center", "PARTNER_CENTER_SELL_API_ENDPOINT", sdks=("PARTNER_MANAGEMENT",)),
    _other("Platform Notifications", "PLATFORM_NOTIFICATIONS_API_ENDPOINT", sdks=("PLATFORM_NOTIFICATIONS",)),
    _other("Power Systems Virtual Server", "PI_API_ENDPOINT"),
    _other("Projects", "PROJECT_API_ENDPOINT", sdks=("PROJECT",)),
    _other("Push Notifications", "PUSH_API_ENDPOINT"),
    _other("Satellite", "SAT_API_ENDPOINT", "SATELLITE_API_ENDPOINT", "SATELLITE_LINK_API_ENDPOINT", "SDS_ENDPOINT"),
    _other("Schematics", "SCHEMATICS_API_ENDPOINT", "ENV_SCH_COS_ENDPOINT_OVERRIDE", sdks=("SCHEMATICS",)),
    _other("Secrets Manager", sdks=("SECRETS_MANAGER",)),
    _other("Security and Compliance Center", "SCC_API_ENDPOINT"),
    _other("Service Broker", sdks=("OPEN_SERVICE_BROKER",)),
    _other("Transit Gateway", "TG_API_ENDPOINT", sdks=("TRANSIT_GATEWAY_APIS",)),
    _other(
        "Usage Reports",
        "USAGE_REPORTS_API_ENDPOINT",
        sdks=("USAGE_REPORTS", "USAGE_METERING", "ENTERPRISE_USAGE_REPORTS"),
    ),
    _other("VMware Solutions", "VMWARE_URL"),
    *(_declared(each) for each in services().values() if not each.api),
)
SERVICES = (*SIMULATED, *OTHERS)
NAMES = {service.slug: service.name for service in OTHERS}
