"""Settings that make no sense are refused by name, before anything starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from controlplane.deployment import env
from controlplane.deployment.env import WrongSetting
from tests.live.product import ROOT, clean_environment


def test_a_value_of_the_wrong_type_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAREMINT_PORT", "abc")

    with pytest.raises(WrongSetting, match="BAREMINT_PORT is 'abc'; it must be a whole number"):
        env.whole("BAREMINT_PORT", default=8000)


def test_a_value_that_is_none_of_the_choices_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAREMINT_INSTANCE_IDENTITY", "maybe")

    with pytest.raises(WrongSetting, match="must be refuse or allow"):
        env.choice("BAREMINT_INSTANCE_IDENTITY", options=("refuse", "allow"))


@pytest.mark.parametrize("hours", ["0", "8761"])
def test_a_number_out_of_range_is_refused_with_the_range(monkeypatch: pytest.MonkeyPatch, hours: str) -> None:
    monkeypatch.setenv("BAREMINT_SIGNING_KEY_HOURS", hours)

    with pytest.raises(WrongSetting, match="must be from 1 to 8760"):
        env.between("BAREMINT_SIGNING_KEY_HOURS", 1, 8760, default=24)


@pytest.mark.parametrize(("text", "on"), [("true", True), ("1", True), ("ON", True), ("0", False), ("no", False)])
def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch, text: str, on: bool) -> None:
    monkeypatch.setenv("BAREMINT_BEHIND_TLS", text)

    assert env.switch("BAREMINT_BEHIND_TLS", default=not on) is on


def test_a_switch_that_is_not_on_or_off_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAREMINT_BEHIND_TLS", "perhaps")

    with pytest.raises(WrongSetting, match="BAREMINT_BEHIND_TLS is 'perhaps'"):
        env.switch("BAREMINT_BEHIND_TLS", default=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BAREMINT_PUBLIC_URL", "nonsense"),
        ("BAREMINT_PUBLIC_URL", "http://"),
        ("BAREMINT_COS_IAM_URL", "ftp://iam.example"),
        ("BAREMINT_ISSUER", "nonsense"),
        ("BAREMINT_IDENTITY_ISSUER_PREFIX", "a b/c"),
    ],
)
def test_what_goes_into_answers_and_tokens_has_its_form(tmp_path: Path, name: str, value: str) -> None:
    process = baremint("info", BAREMINT_HOME=str(tmp_path), **{name: value})
    assert process.returncode == 1
    assert process.stderr.startswith(f"CommandError: {name} is ")
    assert process.stderr.count("\n") == 1


def test_scheme_and_host_of_the_public_url_have_one_spelling_and_its_path_is_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from controlplane.deployment import variables as d; print(d.BAREMINT_PUBLIC_URL)"]
    url = {"BAREMINT_PUBLIC_URL": "HTTPS://LocalHost:8443/Lab/", "PYTHONPATH": str(ROOT)}
    environment = {**clean_environment(), **url}
    process = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert process.stdout == "https://localhost:8443/Lab\n"


def test_an_empty_name_of_the_data_directory_is_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from controlplane.deployment.variables import HOME; print(HOME.path)"]
    environment = {**clean_environment(), "BAREMINT_HOME": "", "PYTHONPATH": str(ROOT)}
    process = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert process.stdout == f"{tmp_path / '.baremint'}\n"


def test_an_empty_secret_key_is_told_with_its_file(tmp_path: Path) -> None:
    (file := tmp_path / "secret-key").touch()
    process = baremint("check", BAREMINT_HOME=str(tmp_path))
    assert process.returncode == 1
    assert f"{file} is empty. Remove it: the next start makes another one." in process.stderr


def test_what_is_not_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAREMINT_TICK_SECONDS", raising=False)

    assert env.number("BAREMINT_TICK_SECONDS", default=5.0) == 5.0
    assert env.words("BAREMINT_ALLOWED_HOSTS", default=["a"]) == ["a"]
    assert env.counts("BAREMINT_QUOTAS") == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [("learner-1", "learner-1"), ("a\nb: c", "a b: c"), ("Zoë", "Zo?"), (" ", "baremint"), ("", "baremint")],
)
def test_the_name_of_commands_fits_into_a_header(monkeypatch: pytest.MonkeyPatch, text: str, name: str) -> None:
    monkeypatch.setenv("BAREMINT_AGENT", text)
    assert env.agent(default="baremint") == name


@pytest.mark.parametrize("text", ["5s", "nan", "inf", ""])
def test_a_number_is_finite_and_nothing_else(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("BAREMINT_TICK_SECONDS", text)

    with pytest.raises(WrongSetting, match=r"BAREMINT_TICK_SECONDS is .* must be a number"):
        env.number("BAREMINT_TICK_SECONDS", default=5.0)


def test_counts_are_read_by_name_and_refused_where_one_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAREMINT_QUOTAS", "vpcs=20, keys=3")
    assert env.counts("BAREMINT_QUOTAS") == {"vpcs": 20, "keys": 3}

    for nonsense in ("vpcs=many", "vpcs=-1", "vpcs"):
        monkeypatch.setenv("BAREMINT_QUOTAS", nonsense)
        with pytest.raises(WrongSetting, match="write name=count,name=count"):
            env.counts("BAREMINT_QUOTAS")


@pytest.mark.parametrize(
    ("value", "understood"),
    [
        ("postgresql://user:secret@host:5432/name", True),
        ("postgresql:///name", True),
        ("", True),
        ("mysql://user:secret@host/name", False),
        ("postgresql://user:secret@host", False),
        ("postgresql://user:secret@host:port/name", False),
        ("host:5432", False),
        ("nonsense", False),
    ],
)
def test_an_address_is_of_a_known_scheme_and_its_password_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, value: str, understood: bool
) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    if understood:
        assert env.url("DATABASE_URL", schemes=("postgresql",), path="/.+", form="postgresql://host/name") == value
        return
    with pytest.raises(WrongSetting) as error:
        env.url("DATABASE_URL", schemes=("postgresql",), path="/.+", form="postgresql://host/name")
    assert str(error.value) == "DATABASE_URL is not understood. Its form is postgresql://host/name."


def test_a_user_who_is_not_there_has_no_data_directory() -> None:
    process = baremint("info", BAREMINT_HOME="~no-user-of-this-name/baremint")
    assert process.returncode == 1
    [line] = process.stderr.splitlines()
    assert "~no-user-of-this-name/baremint: there is no such user" in line


def test_the_number_of_a_redis_database_is_a_number(tmp_path: Path) -> None:
    process = baremint("info", BAREMINT_HOME=str(tmp_path), REDIS_URL="redis://127.0.0.1:6379/first")
    assert process.returncode == 1
    assert "REDIS_URL is not understood. Its form is redis://user:password@host:6379/0." in process.stderr


def test_a_settings_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    process = baremint("info", BAREMINT_HOME=str(tmp_path), DJANGO_SETTINGS_MODULE="elsewhere.settings")
    assert process.returncode == 1
    [line] = process.stderr.splitlines()
    assert line.endswith("DJANGO_SETTINGS_MODULE is 'elsewhere.settings', and there is no such module.")


def test_a_command_with_such_a_setting_ends_without_a_traceback() -> None:
    process = baremint("info", BAREMINT_HOME="/dev/null/home")

    assert process.returncode == 1
    assert process.stderr.startswith("CommandError:")
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"BAREMINT_SIGNING_KEY_HOURS": "1", "BAREMINT_TICK_SECONDS": "3600"},
            "BAREMINT_SIGNING_KEY_HOURS: the period of the iam key must be at least 1:07:00",
        ),
        (
            {"BAREMINT_ROOT_DAYS": "20"},
            "BAREMINT_ROOT_DAYS: the period of the root key must be at least 30 days",
        ),
    ],
    ids=["no-time-to-publish-a-successor", "a-root-that-does-not-last"],
)
def test_periods_that_cannot_be_kept_stop_the_start(tmp_path: Path, changes: dict[str, str], reason: str) -> None:
    process = baremint("check", BAREMINT_HOME=str(tmp_path), **changes)

    assert process.returncode == 1
    assert process.stderr.startswith(f"CommandError: {reason}")


def baremint(word: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "controlplane", word],
        env={**clean_environment(), **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
