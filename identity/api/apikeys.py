"""``/v1/apikeys``: people manage their own API keys without any policy; everything else needs the actions."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotAuthorized, NotFound, Target
from controlplane.kernel.operation import Operation, Parameter, choices
from controlplane.kernel.query_parameters import boolean, one_of
from controlplane.kernel.verdict import Allowed
from identity import events
from identity.api import apikey_responses
from identity.api.apikey import SubjectView, with_history
from identity.api.apikey_requests import ApiKeyCreation, api_key_content
from identity.models import ApiKey
from identity.selectors import find_service_id
from identity.services import apikeys
from trustedprofiles.api.base import ACCOUNT_ID, LOCK, pop_own_account, require_own_account
from trustedprofiles.api.history import INCLUDE_HISTORY
from trustedprofiles.api.pagination import filtered, list_parameters, ordered, token_page
from trustedprofiles.models.service_id import IAM_ID_PREFIX, is_service_id
from trustedprofiles.restrictions import CREATE_OWN_API_KEY, needs_named_role
from trustedprofiles.selectors import authorize

SCOPES = ("entity", "account")
TYPES = ("user", "serviceid")
SORTABLE = ("name", "description", "created_at", "created_by")
FILTERABLE = ("name", "description", "created_by", "iam_id", "id")
IAM_ID = Parameter(
    "iam_id", "Only API keys of this person or service ID; your own without it, unless ``scope`` says more."
)
SCOPE = Parameter("scope", "``account``: all of the account.", choices(*SCOPES))
TYPE = Parameter("type", "Only API keys of persons, or only of service IDs.", choices(*TYPES))
DISABLE = Parameter("Entity-Disable", "Whether it is disabled from the start.", choices("true", "false"))


class ApiKeys(SubjectView):
    operations = {
        "GET": Operation(
            "list_api_keys",
            "iam-identity.apikey.list",
            f"{events.USER_KEY}.read",
            answer=apikey_responses.ApiKeyList,
            lists=ApiKey,
            query=(ACCOUNT_ID, IAM_ID, SCOPE, TYPE, *list_parameters(SORTABLE), INCLUDE_HISTORY),
        ),
        "POST": Operation(
            "create_api_key",
            "iam-identity.apikey.create",
            f"{events.USER_KEY}.create",
            recorded_by_service=True,
            status=201,
            body=ApiKeyCreation,
            answer=apikey_responses.ApiKey,
            etag=True,
            headers=(LOCK, DISABLE),
            further=(CREATE_OWN_API_KEY,),
        ),
    }

    def prepare(self, request: Request) -> None:
        """Find the subject whose API keys the request is about, which decides whether the caller is authorized.

        The body is read here only for that purpose.
        """
        if request.method == "POST":
            iam_id = request.data.get("iam_id") if isinstance(request.data, dict) else None
            self.subject = iam_id if isinstance(iam_id, str) else ""
            return
        require_own_account(request, self.caller.account_id, required=False)
        whole_account = one_of(request.GET, SCOPE, SCOPES) == "account"
        self.subject = request.GET.get(IAM_ID) or ("" if whole_account else self.caller.iam_id)
        if is_service_id(self.subject) and find_service_id(self.caller.account_id, self.subject) is None:
            raise NotFound("There is no service ID of this IAM id in your account.", target=Target(IAM_ID, "parameter"))

    def get(self, request: Request) -> Response:
        rows = ordered(request, filtered(request, _of_type(request, self._seen()), FILTERABLE), SORTABLE)
        page = token_page(request, rows, caller=self.caller)
        body: apikey_responses.ApiKeyList = {**page.links, "apikeys": with_history(request, page.items)}
        return self.answer(body)

    def _seen(self) -> QuerySet[ApiKey]:
        """Return the requested API keys that the caller may see. People see their own without any policy."""
        rows = ApiKey.objects.filter(account_id=self.caller.account_id)
        if self.subject:
            return self.listing.of(rows.filter(iam_id=self.subject))
        visible = self.listing.of(rows)
        if self.caller.sub_type != "User" or self.listing.where is True:
            return visible
        return rows.filter(Q(pk__in=visible.values("pk")) | Q(iam_id=self.caller.iam_id))

    def standing(self) -> Allowed | None:
        """Allow people to make API keys of their own, unless the account restricts that."""
        own = super().standing()
        if not own or self.request.method != "POST" or not needs_named_role(self.caller.account_id, CREATE_OWN_API_KEY):
            return own
        resource = {"accountId": self.caller.account_id, "serviceName": self.service_name}
        verdict = authorize(self.caller, action=CREATE_OWN_API_KEY, resource=resource)
        if not isinstance(verdict, Allowed):
            raise NotAuthorized(verdict.because, more_info=verdict.explanation)
        return verdict

    def resource_attributes(self) -> dict[str, str]:
        """Return the attributes for policies: any type for the API keys of the whole account."""
        whole_account = self.request.method != "POST" and not self.subject
        return {"resourceType": "*"} if whole_account else super().resource_attributes()

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        key, value = apikeys.create_api_key(
            self.account,
            **api_key_content(content),
            locked=boolean(request.headers, LOCK, kind="header"),
            disabled=boolean(request.headers, DISABLE, kind="header"),
            by=Party.of(self.caller),
        )
        return self.answer(apikey_responses.api_key_body(key, value=value), etag=key.entity_tag)


def _of_type(request: Request, rows: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    type: Any = one_of(request.GET, TYPE, TYPES)
    if type is None:
        return rows
    of_service_ids = {"iam_id__startswith": IAM_ID_PREFIX}
    return rows.filter(**of_service_ids) if type == "serviceid" else rows.exclude(**of_service_ids)
