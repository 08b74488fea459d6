"""Forms of a page as a browser sees them: who owns which field, what a button sends, what Enter does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from controlplane.kernel.form_snapshot import FIELD, FormSnapshot

TYPED = ("text", "search", "password", "email", "number", "checkbox", "radio", "date", "datetime-local", "url", "tel")
"""Kinds of ``<input>`` in which Enter sends the form."""


@dataclass
class Control:
    tag: str
    attributes: dict[str, str]
    words: str = ""
    chosen: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.attributes.get("name", "")

    @property
    def is_button(self) -> bool:
        kind = self.attributes.get("type", "submit" if self.tag == "button" else "text")
        return kind in ("submit", "image")

    @property
    def takes_enter(self) -> bool:
        """Also a list of choices, to be on the safe side."""
        return self.tag == "select" or (self.tag == "input" and self.attributes.get("type", "text") in TYPED)

    @property
    def is_disabled(self) -> bool:
        return "disabled" in self.attributes

    @property
    def sent(self) -> list[str]:
        """What it sends when it is not pressed."""
        if self.is_button or not self.name or self.is_disabled:
            return []
        if self.tag == "select":
            return self.chosen
        if self.attributes.get("type") in ("checkbox", "radio"):
            return [self.attributes.get("value", "on")] if "checked" in self.attributes else []
        return [] if self.attributes.get("type") == "button" else [self.attributes.get("value", self.words)]


@dataclass
class Form:
    attributes: dict[str, str]
    controls: list[Control] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.attributes.get("method", "get").lower()

    @property
    def default(self) -> Control | None:
        """What Enter in a field presses. One whose method is ``dialog`` does nothing outside a dialog, and closes it
        inside. Chromium passes over one that is disabled when Enter is pressed on a box."""
        first = next((each for each in self.controls if each.is_button and not each.is_disabled), None)
        return None if first is None or first.attributes.get("formmethod") == "dialog" else first

    @property
    def takes_enter(self) -> bool:
        return any(each.takes_enter and not each.is_disabled for each in self.controls)

    def data(self, button: Control | None = None) -> dict[str, list[str]]:
        values_by_name: dict[str, list[str]] = {}
        for control in self.controls:
            value = control.attributes.get("value", "") if control is button and control.name else None
            for each in control.sent if value is None else [value]:
                values_by_name.setdefault(control.name, []).append(each)
        return values_by_name

    def button(self, **attributes: str) -> Control:
        buttons = (each for each in self.controls if each.is_button)
        return next(each for each in buttons if attributes.items() <= each.attributes.items())


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.open: str = ""
        self.select: Control | None = None
        self.text: Control | None = None
        self.controls: list[tuple[str, Control]] = []
        self.feed(page)
        for owner, control in self.controls:
            if owner in self.forms:
                self.forms[owner].controls.append(control)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = attributes.get("id") or f"form {len(self.forms)}"
            self.forms[self.open] = Form(attributes)
        elif tag in ("input", "button", "select", "textarea"):
            control = Control(tag, attributes)
            self.controls.append((attributes.get("form", self.open), control))
            self.select = control if tag == "select" else self.select
            self.text = control if tag in ("textarea", "button") else None
        elif tag == "option" and self.select:
            value = attributes.get("value", "")
            first = not self.select.chosen and "multiple" not in self.select.attributes
            if "selected" in attributes:
                self.select.chosen = [*(self.select.chosen if "multiple" in self.select.attributes else []), value]
            elif first and "size" not in self.select.attributes:
                self.select.chosen = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = ""
        elif tag == "select":
            self.select = None
        elif tag in ("textarea", "button"):
            self.text = None

    def handle_data(self, data: str) -> None:
        if self.text:
            self.text.words += data.strip()


def as_shown(*things: FormSnapshot) -> dict[str, list[str]]:
    """What the form of a page that shows these things says of them."""
    return {FIELD: [thing.mark for thing in things]}


def forms(page: str) -> list[Form]:
    return list(_Reader(page).forms.values())


def forms_of(browser: Client, path: str) -> list[Form]:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return forms(answer.content.decode())


def form(browser: Client, path: str, id: str) -> Form:
    """The form of a page with this id."""
    return next(each for each in forms_of(browser, path) if each.attributes.get("id") == id)


def send(browser: Client, path: str, shown: Form, button: Control | None = None, **changes: Any) -> Any:
    """Send a form as it was shown, with changes: None takes a field away. Follows to the page that comes of it."""
    data: Mapping[str, Any] = {**shown.data(button), **changes}
    values = {name: value for name, value in data.items() if value is not None}
    target = (button.attributes.get("formaction") if button else "") or shown.attributes.get("action") or path
    return browser.post(target, values, follow=True)
