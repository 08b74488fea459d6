"""``/_baremint/certificate_renewals``: the certificates of all servers that are due for renewal, and its progress."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import clock
from controlplane.kernel.operation import Operation
from controlplane.operations.certificate_renewals import Renewals, collect
from controlplane.operations.events import CERTIFICATE_RENEWAL_READ
from trustedprofiles.api_view import GuardedView

READ = "baremint.certificate-renewal.read"


class CertificateRenewals(GuardedView):
    service_name = "baremint"
    operations = {"GET": Operation("get_certificate_renewals", READ, CERTIFICATE_RENEWAL_READ, answer=Renewals)}

    def get(self, request: Request) -> Response:
        return self.answer(collect(now=clock.now()))
