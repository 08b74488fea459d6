"""All of ``/cos``, whose paths are buckets and keys.

It speaks S3's XML, which the OpenAPI document has no words for: docs/object-store.md describes it.
"""

from django.urls import re_path

from controlplane.objectstore.views import serve

urlpatterns = [re_path(r"^(?:/[\s\S]*)?\Z", serve)]
