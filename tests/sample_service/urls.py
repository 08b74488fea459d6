from django.urls import path

from tests.sample_service.views import NoteView

urlpatterns = [path("v1/notes/<str:note_id>", NoteView.as_view())]
