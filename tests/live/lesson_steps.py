"""What comes of the commands of the lessons, pasted one after the other."""

STEPS: dict[str, list[list[str]]] = {
    "identity-token": [[], ["refused"], ["on"], ["token"], ["off"], ["again"]],
    "trusted-profile": [[], ["made"], ["refused"], ["trusted"], ["became"], ["unlinked"]],
    "policy": [[], ["became"], ["refused"], ["explained"], ["granted"], ["allowed"], ["limited"]],
    "rotation": [[], ["token"], ["rotated"], ["overlap"], ["successor"], ["expired", "fresh"], ["due"], ["home"]],
    "mutual-tls": [[], [], ["serves"], ["calls"], [], [], ["revoked"], ["list"]],
    "https": [[], ["http"], ["plain"], ["https"], ["refused"], [], [], ["secure"], []],
    "ssrf": [[], [], [], ["stolen"], ["exchanged", "read"], ["get", "header"], ["https"], ["past"], ["limited"]],
}
"""By lesson: which checks each of its commands turns green. The first one opens a shell."""
