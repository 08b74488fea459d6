from django.http import HttpRequest, HttpResponse

from controlplane.console.access import Person
from controlplane.console.pages import page, shown


@page()
def overview(request: HttpRequest, person: Person) -> HttpResponse:
    return shown(request, person, "console/overview/page.html")
