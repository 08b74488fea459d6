"""Wrap, unwrap and rewrap: ``/api/v2/keys/{id}/actions/...`` (Key Protect contract, section 4)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.operation import Operation
from controlplane.keyprotect import base64_text, events
from controlplane.keyprotect.api import requests, responses
from controlplane.keyprotect.api.base import KeyView
from controlplane.keyprotect.errors import BodyRequired
from controlplane.keyprotect.key_requests import plaintext_of
from controlplane.keyprotect.services import data_keys


class DataKeyView(KeyView):
    """A view whose events name the versions that it used."""

    versions: dict[str, str] = {}

    def event_data(self) -> dict[str, Any]:
        return {**super().event_data(), **self.versions}

    def require_content(self) -> dict[str, Any]:
        """Return the members of the body. Raises BodyRequired without one."""
        if not self.has_body:
            raise BodyRequired("Request body is empty. Send the ciphertext of a wrap.")
        return self.body


class Wrap(DataKeyView):
    operations = {
        "POST": Operation(
            "wrap_key", "kms.secrets.wrap", events.WRAP, body=requests.KeyWrap, answer=responses.WrappedKeyBody
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        content = self.body
        wrapped = data_keys.wrap(self.key, plaintext=plaintext_of(content), aad=content.get("aad", ()))
        self.versions = {"keyVersionId": wrapped.version}
        body: responses.WrappedKeyBody = {"ciphertext": wrapped.ciphertext, "keyVersion": {"id": wrapped.version}}
        if wrapped.new_plaintext is not None:
            body = {"plaintext": base64_text.encode(wrapped.new_plaintext), **body}
        return self.answer(body)


class Unwrap(DataKeyView):
    operations = {
        "POST": Operation(
            "unwrap_key",
            "kms.secrets.unwrap",
            events.UNWRAP,
            body=requests.KeyUnwrap,
            answer=responses.UnwrappedKeyBody,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        content = self.require_content()
        data_key = data_keys.unwrap(self.key, ciphertext=content["ciphertext"], aad=content.get("aad", ()))
        self.versions = {"keyVersionId": data_key.version}
        body: responses.UnwrappedKeyBody = {
            "plaintext": base64_text.encode(data_key.plaintext),
            "keyVersion": {"id": data_key.version},
        }
        if again := data_key.rewrapped:
            self.versions["rewrappedKeyVersionId"] = again.version
            body["ciphertext"] = again.ciphertext
            body["rewrappedKeyVersion"] = {"id": again.version}
        return self.answer(body)


class Rewrap(DataKeyView):
    operations = {
        "POST": Operation(
            "rewrap_key",
            "kms.secrets.rewrap",
            events.REWRAP,
            body=requests.KeyUnwrap,
            answer=responses.RewrappedKeyBody,
        ),
    }

    def post(self, request: Request, key_id: str) -> Response:
        content = self.require_content()
        version, again = data_keys.rewrap(self.key, ciphertext=content["ciphertext"], aad=content.get("aad", ()))
        self.versions = {"keyVersionId": version, "rewrappedKeyVersionId": again.version}
        body: responses.RewrappedKeyBody = {
            "ciphertext": again.ciphertext,
            "keyVersion": {"id": version},
            "rewrappedKeyVersion": {"id": again.version},
        }
        return self.answer(body)
