"""The declaration of the sample service."""

from controlplane.cloudservice.declaration import Api, CloudService, Offering, Plan, ServiceRole

SERVICE = CloudService(
    name="notes",
    title="Notes",
    description="Notes of an account, for tests.",
    offering=Offering("5a4e0c0e-7c1b-4d0e-9d5e-0d1f4f1c7a55", (Plan("0f0d5b4e-3b62-4d6f-8f3c-6f7b8a9c0d11", "free"),)),
    actions={"notes.note.read": "Reader", "notes.note.burn": None},
    roles=(ServiceRole("NoteBurner", "Note Burner", "Burns notes.", ("notes.note.burn",)),),
    events_action="notes.note.read",
    api=Api("tests.sample_service.urls", prefix="notes/", path="/notes"),
    hosts=("{region}.notes.cloud.ibm.com",),
    terraform=("IBMCLOUD_NOTES_API_ENDPOINT",),
)
