"""Admin pages for changes. They do not overwrite another user's change, and ask before credentials end.

A list and a form send what they showed (kernel/form_snapshot.py). On saving, the rows are locked and compared with
that. If a row differs, nothing is saved and the page shows the present state. If tokens or certificates would end, a
page shows how many and asks for confirmation, with the same form to send again.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from typing import Any, TypeAlias

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import CheckboxInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from controlplane.activity.admin import ChosenRows
from controlplane.kernel.form_snapshot import FIELD, FormSnapshot, ShownChanged, require_as_shown
from controlplane.kernel.live_credentials import Alive

LIST, FORM, DELETION = "_list", "_form", "_deletion"
"""The kinds of requests that are no actions of a list. The kind of an action is its name."""
Count = Callable[[], Alive]
Column: TypeAlias = "models.Field[Any, Any]"
CONFIRMED = "confirmed"
NOT_REPEATED = ("csrfmiddlewaretoken", CONFIRMED)
MOST_NAMED = 50
GONE = "Nothing was changed, because something that you chose is not there any more. Check it, and try again."


class ConfirmationAdmin(ChosenRows):
    change_form_template = "admin/confirmation_form.html"
    change_list_template = "admin/confirmation_list.html"
    delete_confirmation_template = "admin/confirmation_delete.html"
    delete_selected_confirmation_template = "admin/confirmation_delete_selected.html"

    def shown(self, request: HttpRequest, row: Any, *, whole: bool) -> FormSnapshot:
        """Return what the user decides on: the fields of a ``whole`` form that it can change, or the columns of a
        list."""
        fields = self._fields(request, row) if whole else self._columns()
        values = {str(field.verbose_name): _words(field, row) for field in fields}
        return FormSnapshot(f"{self.opts.model_name}-{row.pk}", str(row), values)

    def ending(self, request: HttpRequest, rows: Sequence[Any], kind: str) -> Count | None:
        """Return a function that counts the credentials that the request would end; None for a request that ends none.
        ``kind``: the name of an action, or LIST, FORM or DELETION."""
        return None

    def is_ticked(self, request: HttpRequest, name: str) -> bool:
        """Return whether a box of the form is ticked, as the form will read it."""
        return bool(CheckboxInput().value_from_datadict(request.POST, request.FILES, name))

    def switched_in_list(self, request: HttpRequest, name: str) -> dict[Any, Any]:
        """Return the new values of a column in the editable list, by the keys of the rows where it changes."""
        forms = self._changed_in_list(request)
        return {form.instance.pk: form.cleaned_data[name] for form in forms if name in form.changed_data}

    def _changed_in_list(self, request: HttpRequest) -> list[Any]:
        """Return the forms of the rows that the editable list changes; none for an invalid list: saving reports it."""
        forms = self.get_changelist_formset(request)
        rows = self._get_list_editable_queryset(request, forms.get_default_prefix())
        formset = forms(request.POST, queryset=rows)
        return [form for form in formset.forms if form.has_changed()] if formset.is_valid() else []

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        return {name: (self._confirmed_action(act, name), name, text) for name, (act, _, text) in actions.items()}

    def _confirmed_action(self, act: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(act)
        def run_action(model_admin: Any, request: HttpRequest, selection: QuerySet[Any]) -> Any:
            keys = list(selection.values_list("pk", flat=True))
            rows = self.get_queryset(request).filter(pk__in=keys)  # without rows that the query matches only later
            view = partial(act, model_admin, request, rows)
            with transaction.atomic():
                return self._marked(request, self._run_confirmed(request, keys, view, kind=name))

        return run_action

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        view = partial(super().changelist_view, request, extra_context)
        if request.method != "POST" or "_save" not in request.POST or not self.list_editable:
            return self._marked(request, view())
        with transaction.atomic():
            answer = self._run_confirmed(request, self._list_keys(request), view, kind=LIST)
        return self._marked(request, answer)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        view = partial(super().changeform_view, request, object_id, form_url, extra_context)
        if request.method != "POST":
            return view()
        with transaction.atomic():
            return self._run_confirmed(request, [unquote(object_id)] if object_id else [], view, kind=FORM)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        row = named.get("obj")
        present = [self.shown(request, row, whole=True).mark] if row else []
        return super().render_change_form(
            request, context | {"marks": request.POST.getlist(FIELD) or present}, *arguments, **named
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        key = unquote(object_id)
        if request.method == "POST":
            view = partial(super().delete_view, request, object_id, extra_context)
            with transaction.atomic():
                return self._run_confirmed(request, [key], view, kind=DELETION)
        rows = self.get_queryset(request).filter(pk=key) if self._is_key(key) else ()
        marks = [self.shown(request, row, whole=False).mark for row in rows]
        return super().delete_view(request, object_id, {**(extra_context or {}), "marks": marks})

    def _list_keys(self, request: HttpRequest) -> list[str]:
        """Keys of the rows of an editable list."""
        prefix = self.get_changelist_formset(request).get_default_prefix()
        fields = re.compile(rf"{re.escape(prefix)}-\d+-{self.opts.pk.name}$")
        return [str(value) for field, value in request.POST.items() if fields.match(field)]

    def _run_confirmed(
        self, request: HttpRequest, keys: Sequence[Any], view: Callable[[], Any], *, kind: str
    ) -> HttpResponse:
        """Run the view, in a transaction, unless a row differs from what the page showed, or the user has not confirmed
        that credentials end. ``kind``: the name of an action, or LIST, FORM or DELETION."""
        if not all(self._is_key(str(key)) for key in keys) or not self._is_permitted(request, kind):
            return view()  # which refuses it
        try:
            rows = self._lock_rows(request, keys, kind)
        except ShownChanged as conflict:
            self.message_user(request, conflict.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        count = self.ending(request, rows, kind)
        before = count() if count else Alive()
        if before and request.POST.get(CONFIRMED) != _fingerprint(rows):  # not confirmed, or for other rows
            return self._ask(request, before, rows, kind)
        answer = view()
        if count and before and (difference := before - count()):
            self.message_user(request, f"Ended: {difference}.")
        return answer

    def _is_permitted(self, request: HttpRequest, kind: str) -> bool:
        """Return whether the user may do this. Actions that the user may not run are not in the list of actions."""
        if kind == DELETION:
            return self.has_delete_permission(request)
        return kind not in (LIST, FORM) or self.has_change_permission(request)

    def _lock_rows(self, request: HttpRequest, keys: Sequence[Any], kind: str) -> list[Any]:
        """Lock the rows until the transaction ends and return their present state. Raises ShownChanged.

        An action for all rows of a list also affects other pages, whose rows were not shown.
        """
        # In a query of its own, before others: a query that waits for a lock may return other columns as of before it.
        query = self.model._default_manager.filter(pk__in=keys).order_by("pk")
        list(query.select_for_update(no_key=True).values_list("pk"))
        rows = list(self.get_queryset(request).filter(pk__in=keys).order_by("pk"))
        selection = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if kind != FORM and len(rows) < len({*map(str, keys), *selection}):
            raise ShownChanged(GONE)
        on_page = rows if kind in (LIST, FORM, DELETION) else [row for row in rows if str(row.pk) in selection]
        require_as_shown([self.shown(request, row, whole=kind == FORM) for row in on_page], request.POST.getlist(FIELD))
        return rows

    def _ask(self, request: HttpRequest, alive: Alive, rows: Sequence[Any], kind: str) -> HttpResponse:
        """Return a page that asks for confirmation and contains the whole form. For a list it names the rows that
        change."""
        rows_to_name = [form.instance for form in self._changed_in_list(request)] if kind == LIST else rows
        fields = [
            (name, value) for name, values in request.POST.lists() if name not in NOT_REPEATED for value in values
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Are you sure?",
            "opts": self.opts,
            "alive": alive,
            "names": [str(row) for row in rows_to_name[:MOST_NAMED]],
            "more": max(len(rows_to_name) - MOST_NAMED, 0),
            "repeated": fields,
            "confirmed": CONFIRMED,
            "fingerprint": _fingerprint(rows),
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/confirmation_question.html", context)

    def _marked(self, request: HttpRequest, answer: Any) -> Any:
        """Add the snapshot of the rows of a list, or of the rows to delete, to the context of a page."""
        context = getattr(answer, "context_data", None) or {}
        rows: Iterable[Any] = ()
        if "cl" in context and (context["cl"].formset or context.get("action_form")):
            rows = context["cl"].result_list
        elif "deletable_objects" in context:
            rows = context["queryset"]
        if context:
            context["marks"] = [self.shown(request, row, whole=False).mark for row in rows]
        return answer

    def _fields(self, request: HttpRequest, row: Any) -> list[Column]:
        form = self.get_form(request, row, change=True)
        names = [name for name, field in form.base_fields.items() if not field.disabled]
        every = (*self.opts.concrete_fields, *self.opts.many_to_many)
        return [field for field in every if field.name in names]

    def _columns(self) -> list[Column]:
        names = {*map(str, self.list_editable), *map(str, self.list_display)}
        columns = [field for field in self.opts.concrete_fields if field.name in names]
        return columns or [field for field in self.opts.concrete_fields if not field.primary_key]


def _fingerprint(rows: Iterable[Any]) -> str:
    """Return a digest of the rows that the user confirms."""
    return hashlib.sha256(" ".join(str(row.pk) for row in rows).encode()).hexdigest()[:16]


def _words(field: Column, row: Any) -> str:
    value = getattr(row, field.name if field.many_to_many else field.attname)
    if field.many_to_many:
        return ", ".join(map(str, value.order_by("pk"))) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value or "none")
