"""``/pki``: certificates of the authorities, their revocation lists, the OCSP responder."""

from django.urls import path

from identity.pki import views

urlpatterns = [
    path("ca-bundle.pem", views.ca_bundle),
    path("intermediates.pem", views.intermediates),
    path("<str:issuer>.cer", views.authority_certificate),
    path("<str:issuer>.crl", views.revocation_list),
    path("ocsp", views.ocsp_post),
    path("ocsp/<path:question>", views.ocsp_get),
]
