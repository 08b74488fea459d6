"""IBM's object storage SDK, unmodified, with the token that a program on a server gets from its metadata service."""

import io
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ibm_boto3
import pytest
import requests
from ibm_botocore.client import Config
from ibm_botocore.credentials import TokenManager
from ibm_botocore.exceptions import ClientError

from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.test_program_flows import inside

pytestmark = pytest.mark.live

ROLE = "crn:v1:bluemix:public:iam::::serviceRole:"


class Metadata(TokenManager):
    """Tokens by way of the metadata service, for the SDK to ask for."""

    def __init__(self, url: str, profile: str) -> None:
        self.inner = inside(url, id=profile).token_manager

    def get_token(self) -> str:
        return str(self.inner.get_token())

    def set_from_config(self, config: Any) -> None:
        """Nothing to set: part of what the SDK calls."""


def become(product: Product, operator: Operator, chain: dict[str, Any], role: str) -> Metadata:
    """A program on the server that is a new trusted profile with this role in the object store, or with none."""
    profile = operator.create_profile()
    operator.iam.create_link(profile["id"], cr_type="BMS", link={"crn": chain["server"]["crn"]})
    if role:
        resource = {"accountId": operator.info["account_id"], "serviceName": "cloud-object-storage"}
        operator.policies.create_policy(
            type="access",
            subjects=[{"attributes": [{"name": "iam_id", "value": profile["iam_id"]}]}],
            roles=[{"role_id": ROLE + role}],
            resources=[{"attributes": [{"name": name, "value": value} for name, value in resource.items()]}],
        )
    return Metadata(chain["url"], profile["id"])


def client_for(product: Product, tokens: TokenManager, **options: Any) -> Any:
    return ibm_boto3.client(
        "s3",
        token_manager=tokens,
        config=Config(signature_version="oauth", **options),
        endpoint_url=f"{product.info['control_plane_url']}/cos",
    )


@pytest.fixture(scope="module")
def writing(product: Product, operator: Operator, chain: dict[str, Any]) -> Metadata:
    return become(product, operator, chain, "Writer")


@pytest.fixture(scope="module")
def writer(product: Product, writing: Metadata) -> Any:
    return client_for(product, writing, retries={"max_attempts": 8})


@pytest.fixture(scope="module")
def reader(product: Product, operator: Operator, chain: dict[str, Any]) -> Any:
    return client_for(product, become(product, operator, chain, "Reader"), retries={"max_attempts": 8})


@pytest.fixture(scope="module")
def bucket(writer: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    writer.create_bucket(Bucket=name)
    return name


def test_a_bucket_is_listed(writer: Any, bucket: str) -> None:
    assert bucket in [each["Name"] for each in writer.list_buckets()["Buckets"]]
    assert writer.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "us-south-standard"


def test_an_object_is_put_and_got(writer: Any, bucket: str) -> None:
    writer.put_object(
        Bucket=bucket, Key="a/ü +%.txt", Body=b"hello", ContentType="text/plain", Metadata={"colour": "blue"}
    )
    got = writer.get_object(Bucket=bucket, Key="a/ü +%.txt")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"hello", "text/plain", {"colour": "blue"})


@pytest.mark.parametrize("key", ["a//b", "a/../b", "./x", "end/", "a\nb", "\U0001f600", "a%2Fb", "a+b"])
def test_a_key_reaches_the_store_as_it_is(writer: Any, bucket: str, key: str) -> None:
    writer.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert writer.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert key in [each["Key"] for each in writer.list_objects_v2(Bucket=bucket)["Contents"]]
    writer.delete_object(Bucket=bucket, Key=key)


def test_a_file_of_several_megabytes_goes_up_and_down(writer: Any, bucket: str) -> None:
    content = bytes(range(256)) * 4 * 1024 * 7
    writer.upload_fileobj(io.BytesIO(content), bucket, "file")
    download = io.BytesIO()
    writer.download_fileobj(bucket, "file", download)
    assert download.getvalue() == content


def test_a_part_of_an_object_is_got(writer: Any, bucket: str) -> None:
    writer.put_object(Bucket=bucket, Key="part", Body=b"0123456789")
    got = writer.get_object(Bucket=bucket, Key="part", Range="bytes=2-4")
    assert (got["Body"].read(), got["ContentRange"]) == (b"234", "bytes 2-4/10")


def test_the_pages_of_a_list_are_turned(writer: Any) -> None:
    name = f"pages-{uuid.uuid4().hex[:8]}"
    writer.create_bucket(Bucket=name)
    keys = [f"{folder}/{number}" for folder in "ab" for number in range(3)]
    for key in keys:
        writer.put_object(Bucket=name, Key=key, Body=b"")
    for version in ("list_objects", "list_objects_v2"):
        pages = list(writer.get_paginator(version).paginate(Bucket=name, PaginationConfig={"PageSize": 2}))
        assert [each["Key"] for page in pages for each in page["Contents"]] == keys
    deleted = writer.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in keys]})["Deleted"]
    assert [each["Key"] for each in deleted] == keys
    writer.delete_bucket(Bucket=name)


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    return (
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Code"],
        response["Error"].get("Message", ""),
    )


def test_a_reader_is_told_why_it_may_not_write(reader: Any, bucket: str) -> None:
    status, code, message = refusal(reader.put_object, Bucket=bucket, Key="x", Body=b"x")
    assert (status, code) == (403, "AccessDenied")
    assert "grants Reader" in message


def test_a_reader_reads(writer: Any, reader: Any, bucket: str) -> None:
    writer.put_object(Bucket=bucket, Key="for all", Body=b"hello")
    assert reader.get_object(Bucket=bucket, Key="for all")["Body"].read() == b"hello"


def test_a_profile_without_a_policy_may_do_nothing(
    product: Product, operator: Operator, chain: dict[str, Any], bucket: str
) -> None:
    unauthorized = client_for(product, become(product, operator, chain, ""))
    assert refusal(unauthorized.get_object, Bucket=bucket, Key="x")[:2] == (403, "AccessDenied")
    assert refusal(unauthorized.head_bucket, Bucket=bucket)[0] == 403


def test_what_is_not_there_has_s3s_codes(writer: Any, bucket: str) -> None:
    assert refusal(writer.get_object, Bucket=bucket, Key="none")[:2] == (404, "NoSuchKey")
    assert refusal(writer.list_objects, Bucket="no-such-bucket")[:2] == (404, "NoSuchBucket")
    assert refusal(writer.list_parts, Bucket=bucket, Key="x", UploadId="0")[:2] == (404, "NoSuchUpload")
    assert refusal(writer.get_bucket_versioning, Bucket=bucket)[:2] == (501, "NotImplemented")


# --- bytes on the wire ------------------------------------------------------------------------------------------


def authorized(tokens: Metadata) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.get_token()}"}


def test_a_body_of_unknown_length_is_stored_whole(
    product: Product, writing: Metadata, writer: Any, bucket: str
) -> None:
    """Larger than anything else here may be: curl -T - sends so."""
    url = f"{product.info['control_plane_url']}/cos/{bucket}/streamed"
    pieces = [b"x" * 65536] * 32
    assert requests.put(url, data=iter(pieces), headers=authorized(writing), timeout=30).status_code == 200
    assert writer.head_object(Bucket=bucket, Key="streamed")["ContentLength"] == 32 * 65536


@pytest.fixture(scope="module")
def narrow(new_product: Callable[..., Product]) -> Product:
    product = new_product(settings={"BAREMINT_COS_QUOTA": "4"})
    product.start()
    return product


def test_a_body_of_unknown_length_has_an_end(narrow: Product) -> None:
    """No account may store so much: it is not kept until its end."""
    url, headers = f"{narrow.info['control_plane_url']}/cos/narrow-bucket", api_token(narrow)
    assert requests.put(url, headers=headers, timeout=10).status_code == 200
    pieces = [b"x" * 1024 * 1024] * 8
    answer = requests.put(f"{url}/endless", data=iter(pieces), headers=headers, timeout=30)
    assert (answer.status_code, "QuotaExceeded" in answer.text) == (403, True)


def test_the_body_of_an_unauthenticated_request_is_not_waited_for(product: Product) -> None:
    """The refusal comes before the body, of which nothing is read."""
    with socket.create_connection(("127.0.0.1", product.port), timeout=10) as connection:
        head = f"PUT /cos/some-bucket/x HTTP/1.1\r\nHost: 127.0.0.1:{product.port}\r\nContent-Length: 9999999\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 403")


# --- the control plane asks itself ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(new_product: Callable[..., Product]) -> Product:
    """One worker with two threads: one for the object store, one for IAM."""
    product = new_product(settings={"BAREMINT_WORKERS": "1", "BAREMINT_THREADS": "2"})
    product.start()
    return product


def api_token(product: Product) -> dict[str, str]:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": product.info["api_key"]}
    answer = requests.post(f"{product.info['iam_url']}/identity/token", data=form, timeout=10)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


class Fixed(TokenManager):
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self) -> str:
        return self.token

    def set_from_config(self, config: Any) -> None:
        """As in Metadata."""


@pytest.mark.e2e
def test_many_clients_of_one_worker_all_finish(small: Product) -> None:
    token = api_token(small)["Authorization"].removeprefix("Bearer ")
    client_for(small, Fixed(token)).create_bucket(Bucket="busy-bucket")
    together = threading.Barrier(8)

    def work(number: int) -> list[bytes]:
        client = client_for(small, Fixed(token), retries={"max_attempts": 12, "mode": "standard"})
        together.wait(30)
        contents = []
        for turn in range(5):
            key = f"{number}/{turn}"
            client.put_object(Bucket="busy-bucket", Key=key, Body=key.encode())
            contents.append(client.get_object(Bucket="busy-bucket", Key=key)["Body"].read())
        return contents

    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(work, range(8), timeout=100))
    assert contents == [[f"{number}/{turn}".encode() for turn in range(5)] for number in range(8)]


@pytest.mark.e2e
def test_a_crowd_is_answered_at_once(small: Product) -> None:
    """No answer takes as long as a request to IAM may: no client waited for another."""
    headers, url = api_token(small), f"{small.info['control_plane_url']}/cos/"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: requests.get(url, headers=headers, timeout=30), range(64)))
    assert {answer.status_code for answer in answers} == {200}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 4


@pytest.mark.e2e
def test_what_was_stored_outlives_a_kill(new_product: Callable[..., Product]) -> None:
    product = new_product()
    product.start()
    headers, url = api_token(product), f"{product.info['control_plane_url']}/cos/kept-bucket"
    assert requests.put(url, headers=headers, timeout=10).status_code == 200
    assert requests.put(f"{url}/a", b"hello", headers=headers, timeout=10).status_code == 200
    product.kill_everything()
    product.start()
    assert requests.get(f"{url}/a", headers=api_token(product), timeout=10).content == b"hello"


@pytest.mark.e2e
def test_one_thread_is_enough(new_product: Callable[..., Product]) -> None:
    product = new_product(settings={"BAREMINT_WORKERS": "1", "BAREMINT_THREADS": "1"})
    product.start()
    answer = requests.get(f"{product.info['control_plane_url']}/cos/", headers=api_token(product), timeout=10)
    assert answer.status_code == 200


def test_the_object_store_needs_nothing_but_http(tmp_path: Any) -> None:
    """Imported with its own settings alone, it brings no part of IAM along."""
    script = (
        "import sys, django; from django.conf import settings;"
        "apps = ['controlplane.activity', 'controlplane.instances', 'controlplane.objectstore'];"
        "settings.configure(INSTALLED_APPS=apps);"
        "django.setup(); import controlplane.objectstore.views;"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('identity', 'servers', 'trustedprofiles')))"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert process.stdout.strip() == "[]"
