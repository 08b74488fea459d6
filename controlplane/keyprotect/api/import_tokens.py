"""``/api/v2/import_token`` (Key Protect contract, section 2.6)."""

from datetime import timedelta
from threading import Semaphore

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import ServiceUnavailable
from controlplane.kernel.operation import Operation
from controlplane.keyprotect import events
from controlplane.keyprotect.api import policy_responses, requests
from controlplane.keyprotect.api.base import KeyProtectView
from controlplane.keyprotect.api.policy_responses import import_token_body, retrieved_body
from controlplane.keyprotect.errors import MethodNotAllowed
from controlplane.keyprotect.services.import_tokens import (
    DEFAULT_LIFETIME,
    create_import_token,
    retrieve_import_token,
)

ONE_AT_A_TIME = Semaphore()
"""It takes a second or more to make an RSA key. Without a limit, such requests could hold every thread of a worker."""


class ImportToken(KeyProtectView):
    operations = {
        "GET": Operation(
            "get_import_token",
            "kms.importtoken.read",
            events.READ_IMPORT_TOKEN,
            recorded_by_service=True,
            answer=policy_responses.RetrievedImportToken,
            refusals=(404, 409),
        ),
        "POST": Operation(
            "post_import_token",
            "kms.importtoken.create",
            events.CREATE_IMPORT_TOKEN,
            recorded_by_service=True,
            body=requests.NewImportToken,
            answer=policy_responses.ImportTokenBody,
            refusals=(503,),
        ),
    }

    http_method_names = ["get", "post"]

    def require_operation(self) -> Operation:
        """Return the operation of the request. Raises MethodNotAllowed, also for HEAD: a retrieval is counted."""
        if self.request.method == "HEAD":
            raise MethodNotAllowed("Use one of GET, POST here.")
        return super().require_operation()

    def get(self, request: Request) -> Response:
        return self.answer(retrieved_body(retrieve_import_token(self.instance, by=self.call.by)))

    def post(self, request: Request) -> Response:
        content, instance = self.body, self.instance
        if not ONE_AT_A_TIME.acquire(blocking=False):
            raise ServiceUnavailable(
                "Another import token is being made. Try again in a few seconds.", headers={"Retry-After": "5"}
            )
        try:
            token = create_import_token(
                instance,
                lifetime=timedelta(seconds=content.get("expiration", DEFAULT_LIFETIME)),
                retrievals=content.get("maxAllowedRetrievals", 1),
                by=self.call.by,
            )
        finally:
            ONE_AT_A_TIME.release()
        return self.answer(import_token_body(token))
