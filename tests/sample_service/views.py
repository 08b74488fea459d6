"""One note, which can be read and burnt."""

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.cloudservice.view import ServiceView
from controlplane.kernel.operation import Operation
from tests.sample_service.service import SERVICE


class Note(TypedDict):
    """A note."""

    id: str
    text: str


class NoteView(ServiceView):
    service = SERVICE
    operations = {
        "GET": Operation("get_note", "notes.note.read", "notes.note.read", answer=Note),
        "DELETE": Operation("burn_note", "notes.note.burn", "notes.note.burn", status=204),
    }

    def resource_attributes(self) -> dict[str, str]:
        return {"resourceType": "note", "resource": self.kwargs["note_id"]}

    def target(self) -> Party:
        return Party(self.kwargs["note_id"], "", "note")

    def get(self, request: Request, note_id: str) -> Response:
        return self.answer({"id": note_id, "text": f"for {self.call.by.name}"})

    def delete(self, request: Request, note_id: str) -> Response:
        return self.answer()
