"""The declaration of Key Protect (Key Protect contract, sections 5 and 6)."""

from controlplane.cloudservice.declaration import CloudService, Offering, Plan

SERVICE = CloudService(
    name="kms",
    title="Key Protect",
    offering=Offering(
        "ee41347f-b18e-4ca6-bf80-b5467c63f9a6",
        (
            Plan("eedd3585-90c6-4c8f-be3d-062069e99fc3", "tiered-pricing"),
            Plan("4e853ad3-5820-49c7-8d07-a179fb15b9ee", "cross-region-resiliency"),
        ),
    ),
)
