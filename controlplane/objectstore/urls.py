"""The URLs below ``/cos``, whose paths are buckets and keys.

The API uses S3's XML, which OpenAPI cannot describe: docs/object-store.md does.
"""

from django.urls import re_path

from controlplane.objectstore.views import serve

urlpatterns = [re_path(r"^(?:/[\s\S]*)?\Z", serve)]
