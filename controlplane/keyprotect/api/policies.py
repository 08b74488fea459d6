"""Policies of keys and of instances (Key Protect contract, section 2.5)."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation, Parameter, choices
from controlplane.keyprotect import events
from controlplane.keyprotect.api import policy_responses, requests
from controlplane.keyprotect.api.base import KeyProtectView, KeyView
from controlplane.keyprotect.api.policy_responses import ALLOWED_PORT, instance_policy_body, key_policy_body
from controlplane.keyprotect.api.responses import collection
from controlplane.keyprotect.policies import INSTANCE_POLICIES, KEY_POLICIES
from controlplane.keyprotect.policy_requests import (
    POLICY_TYPE,
    instance_policies_of,
    key_policies_of,
    policy_kind,
)
from controlplane.keyprotect.services.instance_policies import policies_of, set_instance_policies
from controlplane.keyprotect.services.key_policies import set_key_policies

OF_KEY = Parameter("policy", "The kind of the policy; without it, all kinds.", choices(*KEY_POLICIES))
OF_INSTANCE = Parameter("policy", "The kind of the policy; without it, all kinds.", choices(*INSTANCE_POLICIES))


class KeyPolicies(KeyView):
    operations = {
        "GET": Operation(
            "get_key_policy",
            "kms.policies.read",
            events.READ_POLICIES,
            answer=policy_responses.KeyPolicyList,
            query=(OF_KEY,),
        ),
        "PUT": Operation(
            "put_key_policy",
            "kms.policies.write",
            events.WRITE_POLICIES,
            recorded_by_service=True,
            body=requests.KeyPolicies,
            answer=policy_responses.KeyPolicyList,
            query=(OF_KEY,),
        ),
    }

    def get(self, request: Request, key_id: str) -> Response:
        kind = policy_kind(request.GET.getlist("policy"), KEY_POLICIES)
        policies = self.key.policies.filter(**({"kind": kind} if kind else {})).order_by("kind")
        return self.answer(collection(POLICY_TYPE, map(key_policy_body, policies)))

    def put(self, request: Request, key_id: str) -> Response:
        settings = key_policies_of(self.body, kind=policy_kind(request.GET.getlist("policy"), KEY_POLICIES))
        policies = set_key_policies(self.key, settings, by=self.call.by)
        return self.answer(collection(POLICY_TYPE, map(key_policy_body, policies)))


class InstancePolicies(KeyProtectView):
    operations = {
        "GET": Operation(
            "get_instance_policy",
            "kms.instancepolicies.read",
            events.READ_INSTANCE_POLICIES,
            answer=policy_responses.InstancePolicyList,
            query=(OF_INSTANCE,),
        ),
        "PUT": Operation(
            "put_instance_policy",
            "kms.instancepolicies.write",
            events.WRITE_INSTANCE_POLICIES,
            recorded_by_service=True,
            status=204,
            body=requests.InstancePolicies,
            query=(OF_INSTANCE,),
        ),
    }

    def get(self, request: Request) -> Response:
        kind = policy_kind(request.GET.getlist("policy"), INSTANCE_POLICIES)
        policies = [each for each in policies_of(self.instance) if kind in ("", each.kind)]
        return self.answer(collection(POLICY_TYPE, map(instance_policy_body, policies)))

    def put(self, request: Request) -> Response:
        settings = instance_policies_of(self.body, kind=policy_kind(request.GET.getlist("policy"), INSTANCE_POLICIES))
        set_instance_policies(self.instance, settings, by=self.call.by)
        return self.answer()


class AllowedPort(KeyProtectView):
    """IBM's private endpoints have a port of their own for an instance with allowed addresses; there is none here."""

    operations = {
        "GET": Operation(
            "get_allowed_ip_port",
            "kms.instance.readallowedipport",
            events.READ_ALLOWED_PORT,
            answer=policy_responses.AllowedPortList,
        ),
    }

    def get(self, request: Request) -> Response:
        return self.answer(collection(ALLOWED_PORT, []))
