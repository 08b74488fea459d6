"""Render a refusal in the envelope of its API: VPC and metadata, IAM identity, IAM policy, or IAM token."""

import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal, NotRequired, TypedDict

import structlog
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import IntegrityError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response

from controlplane.kernel import clock, context, database_failures, errors, timestamps
from controlplane.kernel.awaited_body import BodyTooLarge
from controlplane.kernel.text import echoed

log = structlog.get_logger(__name__)

RETRY_SECONDS = "2"

Envelope = Callable[[errors.ApiError, str], Mapping[str, Any]]


class ErrorContainer(TypedDict):
    """A refusal by the VPC API or the metadata service."""

    errors: list[errors.ErrorBody]
    status_code: int
    trace: str


class ResponseContext(TypedDict):
    transaction_id: str
    operation: str
    user_agent: str
    url: str


class IdentityError(TypedDict):
    code: str
    message_code: str
    message: str
    details: str


class ExceptionResponse(TypedDict):
    """A refusal by the IAM identity API."""

    context: ResponseContext
    status_code: str
    errors: list[IdentityError]
    trace: str


class ConflictsWith(TypedDict):
    etag: str
    policy: str


class ErrorDetails(TypedDict):
    conflicts_with: ConflictsWith


class ErrorObject(TypedDict):
    """``more_info`` is the URL of an explanation."""

    code: str
    message: str
    details: NotRequired[ErrorDetails]
    more_info: NotRequired[str]


class ErrorResponse(TypedDict):
    """A refusal by the IAM policy API."""

    trace: str
    errors: list[ErrorObject]
    status_code: int


class TokenContext(TypedDict):
    """Members as captured from IBM's service, without those that name its machines.

    ``elapsedTime`` is in milliseconds.
    """

    requestId: str
    requestType: str
    userAgent: str
    url: str
    host: str
    startTime: str
    endTime: str
    elapsedTime: str
    locale: Literal["en_US"]


class FurtherTokenError(TypedDict, total=False):
    """Members that only some refusals by the IAM token service have."""

    errorDetails: str
    more_info: str


class TokenError(FurtherTokenError):
    """A refusal by the IAM token service. ``more_info`` is the URL of an explanation."""

    errorCode: str
    errorMessage: str
    context: TokenContext


def vpc(error: errors.ApiError, trace: str) -> ErrorContainer:
    """Return ``{errors[], status_code, trace}``, the envelope of the VPC API and the metadata service."""
    return {"errors": [each.as_json() for each in error.each], "status_code": error.status, "trace": trace}


def iam(error: errors.ApiError, trace: str) -> ExceptionResponse:
    """Return the envelope of the IAM identity API: ``message_code`` beside ``code``, and the context of the call."""
    request = context.current.get()
    return {
        "context": {
            "transaction_id": trace,
            "operation": f"{request.method} {request.path}".strip() if request else "",
            "user_agent": request.agent if request else "",
            "url": request.path if request else "",
        },
        "status_code": str(error.status),
        "errors": [
            {
                "code": each.code,
                "message_code": each.iam_code,
                "message": each.message,
                "details": each.more_info or each.message,
            }
            for each in error.each
        ],
        "trace": trace,
    }


def policy(error: errors.ApiError, trace: str) -> ErrorResponse:
    """Return the envelope of the IAM policy API."""
    return {"trace": trace, "errors": [_policy_error(each) for each in error.each], "status_code": error.status}


def _policy_error(error: errors.ApiError) -> ErrorObject:
    body: ErrorObject = {"code": error.code, "message": error.message}
    if error.more_info:
        body["more_info"] = error.more_info
    return body


def token(error: errors.ApiError, trace: str) -> TokenError:
    """Return the envelope of the IAM token service: camelCase, one error only."""
    further: FurtherTokenError = {}
    if error.details:
        further["errorDetails"] = error.details
    if error.more_info:
        further["more_info"] = error.more_info
    request = context.current.get() or context.RequestContext("")
    return {
        "errorCode": error.iam_code,
        "errorMessage": error.message,
        **further,
        "context": _token_context(request, trace),
    }


def _token_context(request: context.RequestContext, trace: str) -> TokenContext:
    elapsed = timedelta(seconds=time.monotonic() - request.started if request.started else 0)
    end = clock.last_known()
    return {
        "requestId": trace,
        "requestType": f"incoming.{'_'.join(map(str.capitalize, request.path.strip('/').split('/')))}",
        "userAgent": request.agent,
        "url": request.url,
        "host": request.url.partition("://")[2].partition("/")[0],
        "startTime": timestamps.with_zone(end - elapsed),
        "endTime": timestamps.with_zone(end),
        "elapsedTime": str(elapsed // timedelta(milliseconds=1)),
        "locale": "en_US",
    }


def exception_handler(exception: Exception, drf_context: dict[str, Any]) -> Response:
    """DRF's exception handler: render every failure in the envelope of the view, never as HTML."""
    error = as_api_error(exception)
    envelope: Envelope = getattr(drf_context.get("view"), "envelope", vpc)
    return Response(envelope(error, trace_id()), status=error.status, headers=error.headers)


def as_api_error(exception: Exception) -> errors.ApiError:  # noqa: PLR0911, PLR0912  a table, not a path
    """Translate an exception of Django, DRF or the product. An unexpected one is logged as ``service_error``."""
    match exception:
        case errors.ApiError():
            return exception
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return errors.Unauthenticated(
                "The request carries no valid IAM token. Send Authorization: Bearer <IAM access token>."
            )
        case exceptions.PermissionDenied() | PermissionDenied():
            return errors.NotAuthorized("The token does not permit this operation.")
        case exceptions.MethodNotAllowed():
            return errors.MethodNotAllowed(f"{exception.detail} See the Allow header for the methods of this path.")
        case exceptions.NotAcceptable():
            return errors.InvalidRequest("Only JSON is answered. Send Accept: application/json.")
        case exceptions.NotFound() | Http404():
            return errors.NotFound("Not found: there is nothing at this path.")
        case BodyTooLarge():
            return errors.InvalidRequest(str(exception))
        case RequestDataTooBig():
            return errors.InvalidRequest("The request body is too large.")
        case TooManyFieldsSent() | TooManyFilesSent():
            return errors.InvalidRequest("The form has too many fields. Send fewer of them.")
        case MultiPartParserError():
            return errors.InvalidRequest("The request body is not what its Content-Type says it is.")
        case exceptions.ParseError() | exceptions.UnsupportedMediaType():
            return errors.InvalidRequest("The request body cannot be read. Send a JSON object.")
        case _ if database_failures.is_database_failure(exception):
            return away(exception)
        case IntegrityError():
            # A row was deleted or a value was used between the check and the write.
            log.warning("lost a race", exc_info=exception)
            return errors.Conflict("Another request changed what this one refers to. Read it again and retry.")
        case _:
            log.error("unhandled", exc_info=exception)
            return errors.ApiError("The service failed to process the request. This is its own fault; quote the trace.")


def away(failure: BaseException) -> errors.ApiError:
    """Return the refusal for a database that does not answer or cannot store data, usually for a while."""
    log.error("the database cannot be used", reason=database_failures.one_line(failure))
    return errors.ServiceUnavailable(database_failures.for_clients(failure), headers={"Retry-After": RETRY_SECONDS})


def trace_id() -> str:
    request = context.current.get()
    return request.request_id if request else ""


def json_response(error: errors.ApiError, envelope: Envelope = vpc) -> JsonResponse:
    """Return a refusal for plain Django views and for Django's handlers."""
    return JsonResponse(envelope(error, trace_id()), status=error.status, headers=error.headers)


def handler400(request: HttpRequest, exception: Exception) -> JsonResponse:
    return json_response(unread(exception))


def unread(exception: Exception) -> errors.ApiError:
    """Return the refusal for a request that Django rejects, such as a form that is too large."""
    if isinstance(exception, DisallowedHost):
        return errors.InvalidRequest("The Host of the request is not one that this service answers to.")
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, MultiPartParserError)):
        return as_api_error(exception)
    return errors.InvalidRequest("The request is malformed.")


def handler403(request: HttpRequest, exception: Exception) -> JsonResponse:
    return json_response(errors.NotAuthorized("The request is refused."))


def handler404(request: HttpRequest, exception: Exception) -> JsonResponse:
    return json_response(errors.NotFound(f"Not found: there is nothing at {echoed(request.path)}."))


def handler500(request: HttpRequest) -> JsonResponse:
    return json_response(failure_of_request())


def failure_of_request() -> errors.ApiError:
    """Return the refusal for the exception that Django is handling."""
    failure = sys.exc_info()[1]
    if failure is not None and database_failures.is_database_failure(failure):
        return away(failure)
    return errors.ApiError("The service failed. This is its own fault; quote the trace.")
