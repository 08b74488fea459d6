"""Every service of IBM Cloud that Terraform and the SDKs call has an address here, simulated or not."""

import ast
from pathlib import Path

import ibm_platform_services
import pytest
from django.test import Client

from controlplane.operations.ibm_services import NAMES, NOT_SIMULATED, SERVICES
from controlplane.operations.sdk_environment import SDKS, of_operator, of_program, of_terraform

TERRAFORM = """
IAM_ENDPOINT IBMCLOUD_ACCOUNT_MANAGEMENT_API_ENDPOINT IBMCLOUD_APPID_MANAGEMENT_API_ENDPOINT
IBMCLOUD_APP_CONFIG_API_ENDPOINT IBMCLOUD_APP_CONFIG_ENDPOINT IBMCLOUD_ATRACKER_API_ENDPOINT
IBMCLOUD_BACKUP_RECOVERY_CONNECTOR_ENDPOINT IBMCLOUD_BACKUP_RECOVERY_ENDPOINT
IBMCLOUD_BACKUP_RECOVERY_MANAGER_ENDPOINT IBMCLOUD_CATALOG_MANAGEMENT_API_ENDPOINT
IBMCLOUD_CERTIFICATE_MANAGER_API_ENDPOINT IBMCLOUD_CF_API_ENDPOINT IBMCLOUD_CIS_API_ENDPOINT
IBMCLOUD_CLOUDANT_API_ENDPOINT IBMCLOUD_CLOUD_SHELL_API_ENDPOINT IBMCLOUD_CODE_ENGINE_API_ENDPOINT
IBMCLOUD_CONFIG_AGGREGATOR_ENDPOINT IBMCLOUD_CONTEXT_BASED_RESTRICTIONS_ENDPOINT IBMCLOUD_COS_CONFIG_ENDPOINT
IBMCLOUD_COS_ENDPOINT IBMCLOUD_CR_API_ENDPOINT IBMCLOUD_CSE_ENDPOINT IBMCLOUD_CS_API_ENDPOINT
IBMCLOUD_DATABASES_API_ENDPOINT IBMCLOUD_DB2_API_ENDPOINT IBMCLOUD_DL_API_ENDPOINT IBMCLOUD_DL_PROVIDER_API_ENDPOINT
IBMCLOUD_ENTERPRISE_API_ENDPOINT IBMCLOUD_ENV_SCH_COS_ENDPOINT_OVERRIDE IBMCLOUD_EVENT_NOTIFICATIONS_API_ENDPOINT
IBMCLOUD_FUNCTIONS_API_ENDPOINT IBMCLOUD_GS_API_ENDPOINT IBMCLOUD_GT_API_ENDPOINT IBMCLOUD_HPCS_API_ENDPOINT
IBMCLOUD_HPCS_TKE_ENDPOINT IBMCLOUD_HPCS_UKO_URL IBMCLOUD_IAMPAP_API_ENDPOINT IBMCLOUD_IAM_API_ENDPOINT
IBMCLOUD_ICD_API_ENDPOINT IBMCLOUD_IS_NG_API_ENDPOINT IBMCLOUD_KP_API_ENDPOINT IBMCLOUD_KP_CRYPTOUNIT_ENDPOINT
IBMCLOUD_LOGS_API_ENDPOINT IBMCLOUD_LOGS_ROUTING_API_ENDPOINT IBMCLOUD_LOGS_ROUTING_API_ENDPOINT_V3
IBMCLOUD_MCCP_API_ENDPOINT IBMCLOUD_METRICS_ROUTING_API_ENDPOINT IBMCLOUD_MQCLOUD_CONFIG_ENDPOINT
IBMCLOUD_PARTNER_CENTER_SELL_API_ENDPOINT IBMCLOUD_PI_API_ENDPOINT IBMCLOUD_PLATFORM_NOTIFICATIONS_API_ENDPOINT
IBMCLOUD_PRIVATE_DNS_API_ENDPOINT IBMCLOUD_PROJECT_API_ENDPOINT IBMCLOUD_PUSH_API_ENDPOINT
IBMCLOUD_RESOURCE_CATALOG_API_ENDPOINT IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT
IBMCLOUD_RESOURCE_MANAGEMENT_API_ENDPOINT IBMCLOUD_SATELLITE_API_ENDPOINT IBMCLOUD_SATELLITE_LINK_API_ENDPOINT
IBMCLOUD_SAT_API_ENDPOINT IBMCLOUD_SCC_API_ENDPOINT IBMCLOUD_SCHEMATICS_API_ENDPOINT IBMCLOUD_SDS_ENDPOINT
IBMCLOUD_TEKTON_PIPELINE_ENDPOINT IBMCLOUD_TG_API_ENDPOINT IBMCLOUD_TOOLCHAIN_ENDPOINT IBMCLOUD_UAA_ENDPOINT
IBMCLOUD_USAGE_REPORTS_API_ENDPOINT IBMCLOUD_USER_MANAGEMENT_ENDPOINT IBMCLOUD_VMWARE_URL
""".split()  # noqa: SIM905
"""The endpoint variables that IBM's Terraform provider 2.5.0 reads."""
OTHER_SDKS = {"APP_CONFIGURATION", "CD_TOOLCHAIN", "CLOUD_DATABASES", "CONFIGURATION_AGGREGATOR", "SECRETS_MANAGER"}
"""Names of services in IBM's SDKs beside the platform services (``DefaultServiceName`` in each)."""
ORIGIN = "http://127.0.0.1:8000"
INFO = {"control_plane_url": ORIGIN, "iam_url": ORIGIN, "api_key": "a key", "ca_bundle": "/ca.pem"}
SERVER = {"metadata_url": "http://127.64.0.1:8169", "metadata_protocol": "http"}


def names_in_sdks() -> set[str]:
    """The names by which the modules of IBM's platform services know their services."""
    modules = Path(ibm_platform_services.__file__).parent.glob("*.py")
    names = set()
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text())):
            match node:
                case ast.Assign(targets=[ast.Name("DEFAULT_SERVICE_NAME")], value=ast.Constant(str() as name)):
                    names.add(name.upper())
    return names


def test_terraform_finds_every_endpoint_here() -> None:
    variables = of_terraform(INFO, region="us-south", by_operator=True)
    assert {name: variables.get(name) for name in TERRAFORM if not variables.get(name, "").startswith(ORIGIN)} == {}


def test_every_service_of_the_sdk_is_found_here_by_an_operator_and_by_a_program() -> None:
    names = names_in_sdks() | OTHER_SDKS
    assert len(names) > 20 + len(OTHER_SDKS)
    for variables in (of_operator(INFO), of_program(INFO, SERVER)):
        assert {name for name in names if not variables.get(f"{name}_URL", "").startswith(ORIGIN)} == set()


def test_no_two_services_claim_a_variable_or_an_address() -> None:
    variables = [name for service in SERVICES for name in (*service.terraform, *service.sdks)]
    assert len(variables) == len(set(variables))
    assert len({service.slug for service in SERVICES}) == len(SERVICES)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_what_is_not_simulated_is_refused_by_name(client: Client, method: str) -> None:
    for slug, name in NAMES.items():
        answer = getattr(client, method)(f"{NOT_SIMULATED}/{slug}/v4/accounts/a/usage")
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (404, "not_supported")
        assert error["message"].startswith(f"{name} is not simulated by Baremint")
    assert SDKS["USAGE_REPORTS"] == f"{NOT_SIMULATED}/usage-reports"
