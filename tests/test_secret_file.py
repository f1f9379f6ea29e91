"""The file with the secret key: how to make one, and who may read it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import SECRET_KEY
from webapp import config, secret_settings
from webapp.errors import ConfigurationError


def settings(file: Path) -> dict[str, str]:
    return {
        "AUDITLOG_DATABASE_URL": "postgresql://web@localhost/crm",
        "AUDITLOG_SECRET_KEY_FILE": str(file),
    }


def refusal(file: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        config.from_environment(settings(file))
    return str(caught.value)


def written(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = written(tmp_path / "secret", SECRET_KEY + "\n")
    assert config.from_environment(settings(file)).secret_key == SECRET_KEY


def test_the_database_can_be_named_in_a_file_and_not_twice(tmp_path: Path) -> None:
    url = "postgresql://web:of-the-database@localhost/crm"
    file = written(tmp_path / "url", url + "\n")
    given = {"AUDITLOG_SECRET_KEY": SECRET_KEY, "AUDITLOG_DATABASE_URL_FILE": str(file)}
    assert config.from_environment(given).database_url == config.own_database_url(given) == url
    for name in ("AUDITLOG_DATABASE_URL", "AUDITLOG_SECRET_KEY"):
        twice = given | {name: url, f"{name}_FILE": str(file)}
        with pytest.raises(ConfigurationError, match=rf"^{name} and {name}_FILE are both set: keep one of them$"):
            config.from_environment(twice)
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"^AUDITLOG_DATABASE_URL_FILE: others can read .* chmod 600"):
        config.from_environment(given)


@pytest.mark.parametrize("password", ["postgres", "password1234", "auditlog_web", "kT8_vQ2", "aaaaaaaaaaaaaaaa"])
def test_a_password_of_the_database_that_is_tried_first_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(ConfigurationError, match="made at random with `python3") as refused:
        secret_settings.require_strong_password(f"postgresql://auditlog_web:{password}@db/crm")
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql://auditlog_web@db/crm", "postgresql://auditlog_web:kT8_vQ2mZx0aLr5W@db/crm"]
)
def test_a_good_password_and_none_are_accepted(url: str) -> None:
    secret_settings.require_strong_password(url)


def test_settings_that_are_shown_hold_no_secret() -> None:
    given = {
        "AUDITLOG_SECRET_KEY": SECRET_KEY,
        "AUDITLOG_DATABASE_URL": "postgresql://web:of-the-database@localhost/crm",
    }
    shown = repr(config.from_environment(given))
    assert "time_zone='UTC'" in shown
    assert SECRET_KEY not in shown
    assert "of-the-database" not in shown


def test_a_secret_in_a_file_is_judged_like_any_other(tmp_path: Path) -> None:
    assert "too weak" in refusal(written(tmp_path / "secret", "too short\n"))


def test_the_command_that_is_shown_for_a_missing_file_makes_one_that_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    said = refusal(file)
    assert said.startswith(f'AUDITLOG_SECRET_KEY_FILE: there is no file "{file}": make it with `')
    subprocess.run(["sh", "-c", said.split("`")[1]], check=True)
    assert len(config.from_environment(settings(file)).secret_key) == 64


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o604])
def test_a_file_that_everybody_can_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "secret", SECRET_KEY, mode)
    assert refusal(file).startswith(f'AUDITLOG_SECRET_KEY_FILE: others can read "{file}"')
    assert refusal(file).endswith(f": chmod 600 {file}")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_a_file_for_its_owner_and_group_is_accepted(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "secret", SECRET_KEY, mode)
    assert config.from_environment(settings(file)).secret_key == SECRET_KEY


def test_a_folder_or_a_picture_in_its_place_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f'AUDITLOG_SECRET_KEY_FILE: "{tmp_path}" cannot be read (Is a directory)'
    (tmp_path / "picture").write_bytes(b"\xff\xd8")
    assert refusal(tmp_path / "picture").endswith("cannot be read (not a text)")
