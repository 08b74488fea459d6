"""A browser without a screen, signed in to the console of a running product as its owner."""

import re

import requests

from tests.live.product import Product

FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def signed_in(product: Product) -> requests.Session:
    session = requests.Session()
    session.headers["Accept"] = "text/html"
    login = f"{product.info['control_plane_url']}/login"
    admin = product.info["admin"]
    token = form_token(session.get(login, timeout=10).text)
    form = {"username": admin["username"], "password": admin["password"], "csrfmiddlewaretoken": token}
    assert session.post(login, form, timeout=10).url == product.info["control_plane_url"] + "/"
    return session


def form_token(page: str) -> str:
    """What a form of this page must send along."""
    match = FORM_TOKEN.search(page)
    assert match
    return match[1]
