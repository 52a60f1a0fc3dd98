"""The deployment as far as a machine without an engine can show: parsed, and its commands real."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from docs.generate import settings_classes
from tests.support.processes import run_cli
from tests.support.public_data import PROJECT

SECRETS = ("POSTGRES_PASSWORD", "TESSERA_SECRET_KEY")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return loaded


def test_all_parts_are_there_and_watched(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert set(services) == {"postgres", "migrate", "graphql-api", "tile-service", "worker"}
    for name in ("postgres", "graphql-api", "tile-service"):
        assert services[name]["healthcheck"]["test"], name
    assert set(compose["volumes"]) == {"postgres", "data"}
    for name in ("graphql-api", "tile-service", "worker"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"}
        }


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    for secret in SECRETS:
        uses = re.findall(rf"\$\{{{secret}[^}}]*\}}", text)
        assert uses, secret
        assert all(use.startswith(f"${{{secret}:?") for use in uses), uses


def test_every_variable_is_a_known_setting(compose: dict[str, Any]) -> None:
    known = {f"TESSERA_{name.upper()}" for cls in settings_classes() for name in cls.model_fields}
    for service in compose["services"].values():
        named = {key for key in service.get("environment", {}) if key.startswith("TESSERA_")}
        assert named <= known


@pytest.mark.parametrize("service", ["migrate", "graphql-api", "tile-service", "worker"])
def test_every_command_is_one_of_ours(compose: dict[str, Any], service: str) -> None:
    program, *arguments = compose["services"][service]["command"]

    assert program == "tessera"
    shown = run_cli(*arguments, "--help")
    assert shown.returncode == 0, shown.stderr


def test_the_image_holds_what_runs() -> None:
    dockerfile = (PROJECT / "deploy/Dockerfile").read_text()

    for folder in ("shared/", "graphql_api/", "tile_service/", "cli/"):
        assert f"COPY {folder} {folder}" in dockerfile
    assert "--require-hashes -r requirements/core.txt" in dockerfile
    assert "USER tessera" in dockerfile


def test_locked_requirements_have_hashes_and_no_addresses() -> None:
    for name in ("core", "dev", "extras"):
        text = (PROJECT / f"requirements/{name}.txt").read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
