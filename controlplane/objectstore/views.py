"""The view of the object store: it authenticates, authorises and runs every operation, or answers a refusal in XML."""

import errno
from collections.abc import Callable

import structlog
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from controlplane.cloudservice import tokens
from controlplane.kernel import clock
from controlplane.kernel.awaited_body import BodyTooLarge, checks_first, require_body
from controlplane.kernel.database_failures import is_database_failure
from controlplane.kernel.envelopes import away, trace_id
from controlplane.kernel.errors import ApiError, Unauthenticated
from controlplane.kernel.operation import PlainOperation
from controlplane.kernel.text import echoed, is_storable, storable
from controlplane.objectstore import (
    addressing,
    bucket_operations,
    copy_operations,
    object_operations,
    operations,
    upload_operations,
    xml_responses,
)
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import EntityTooLarge, InvalidArgument, S3Error, ServiceUnavailable, as_s3
from controlplane.objectstore.models import SERVICE

log = structlog.get_logger(__name__)

HANDLERS: dict[str, Callable[[Call], HttpResponseBase]] = {
    "list_buckets": bucket_operations.list_buckets,
    "create_bucket": bucket_operations.create_bucket,
    "head_bucket": bucket_operations.head_bucket,
    "delete_bucket": bucket_operations.delete_bucket,
    "get_bucket_location": bucket_operations.get_bucket_location,
    "list_objects": bucket_operations.list_objects_v1,
    "list_objects_v2": bucket_operations.list_objects_v2,
    "delete_objects": bucket_operations.delete_objects,
    "put_object": object_operations.put_object,
    "get_object": object_operations.get_object,
    "head_object": object_operations.head_object,
    "delete_object": object_operations.delete_object,
    "list_buckets_extended": bucket_operations.list_buckets_extended,
    "copy_object": copy_operations.copy_object,
    "create_multipart_upload": upload_operations.create_multipart_upload,
    "upload_part": upload_operations.upload_part,
    "upload_part_copy": copy_operations.upload_part_copy,
    "list_parts": upload_operations.list_parts,
    "list_multipart_uploads": upload_operations.list_multipart_uploads,
    "complete_multipart_upload": upload_operations.complete_multipart_upload,
    "abort_multipart_upload": upload_operations.abort_multipart_upload,
}


@checks_first
@csrf_exempt
def serve(request: HttpRequest) -> HttpResponseBase:
    try:
        answer = _answer(request)
    except Exception as failure:
        refusal = xml_responses.refusal(_as_s3(failure), resource=request.path, request_id=trace_id())
        if request.method == "HEAD":
            refusal.content = b""
        answer = refusal
    answer["x-amz-request-id"] = trace_id()
    return answer


serve.plain_operations = tuple(  # type: ignore[attr-defined]
    PlainOperation(each.name, each.action, each.source_action if each.copies else "") for each in operations.OPERATIONS
)


def _answer(request: HttpRequest) -> HttpResponseBase:
    address = addressing.address_of(request.META)
    # Requests of an unauthenticated caller are not recorded in the database.
    bearer = tokens.bearer_of(request.headers.get("Authorization", ""), now=clock.now())
    operation = operations.find(address.scope, request.method or "", request.GET, request.headers)
    call = Call(SERVICE, request, bearer, address, operation)
    try:
        addressing.check(address)
        _check_query(request.GET)
        call.check_list_limits()
        call.decide()
        call.require_instance()
        call.reserve_space()
        require_body(request)
        try:
            return HANDLERS[operation.name](call)
        finally:
            call.release()
    except Unauthenticated:
        raise  # IAM refused the token
    except ApiError as error:
        call.record(error=as_s3(error), data=call.about())
        raise


def _check_query(query: QueryDict) -> None:
    """Refuse NUL characters, which databases cannot look for. Raises InvalidArgument."""
    for name, values in query.lists():
        if not all(map(is_storable, (name, *values))):
            raise InvalidArgument(f"The query parameter {echoed(storable(name))} contains a NUL character.")


def _as_s3(failure: Exception) -> ApiError:
    if isinstance(failure, ApiError):
        return as_s3(failure)
    if isinstance(failure, BodyTooLarge):
        return EntityTooLarge(str(failure))
    if isinstance(failure, OSError) and failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return ServiceUnavailable("The disk of the object store is full. Make room on it.")
    if is_database_failure(failure):
        return ServiceUnavailable(away(failure).message)
    log.error("unhandled", exc_info=failure)
    return S3Error("The object store failed with an internal error. Quote the request id.")
