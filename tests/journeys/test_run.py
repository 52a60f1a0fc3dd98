"""`make run` from an empty folder to the demo, and once more; a second system beside it."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from graphql_api.demo.people import PASSWORD
from tests.support.house import LOGIN
from tests.support.processes import Service, environment, free_port, status_of, until

DEMO_WITHIN_S = 400.0
AGAIN_WITHIN_S = 60.0
SETS = """
query ($lab: ID!, $annotate: ID!, $only: ID!) {
  full: projects(where: {group: $lab}, first: 30) { nodes { ...tree } }
  annotate: projects(where: {group: $annotate}, first: 30) { nodes { ...tree } }
  only: projects(where: {group: $only}, first: 30) { nodes { ...tree } }
  plates(first: 10) { nodes { owner { login } wells(first: 20) { nodes {
    wellSamples(first: 10) { nodes { image { id } plateAcquisition { name } } } } } } }
}
fragment tree on Project { name owner { login } datasets(first: 5) { nodes { name
  images(first: 20) { nodes {
    name pixels { sizeX sizeY sizeC } channels { name } tiles { levels { width } } } } } } }
"""
GROUPS = "{ groups(first: 20) { nodes { id name permissions } } }"
TAGGED = """
query ($who: ID!) { images(where: {annotatedBy: $who}, first: 200) { nodes { owner { login } } } }
"""


class Run:
    """A folder and two ports in which `tessera run` is started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.api_port, self.tile_port = folder, free_port(), free_port()
        folder.mkdir(exist_ok=True)
        self.urls = [f"http://127.0.0.1:{port}" for port in (self.api_port, self.tile_port)]

    def start(self, *options: str) -> Service:
        env = environment(
            data_dir=str(self.folder / "data"), api_port=str(self.api_port),
            tile_port=str(self.tile_port),
        )  # fmt: skip
        return Service.start("run", ["run", *options], env, self.folder / "run.log")

    def ready(self) -> list[int]:
        return [status_of(f"{url}/readyz") for url in self.urls]

    def enter(self, login: str) -> httpx.Client:
        given = {"input": {"username": login, "password": PASSWORD}}
        client = httpx.Client(base_url=self.urls[0], timeout=60.0, trust_env=False)
        answer = client.post("/graphql", json={"query": LOGIN, "variables": given}).json()
        client.headers["Authorization"] = f"Bearer {answer['data']['login']['token']}"
        return client


def ask(client: httpx.Client, document: str, **variables: Any) -> Any:
    body = client.post("/graphql", json={"query": document, "variables": variables}).json()
    assert "errors" not in body, body["errors"]
    return body["data"]


def test_one_command_from_nothing_to_the_demo_and_again(tmp_path: Path) -> None:
    run = Run(tmp_path / "first")
    service = run.start()
    try:
        # The API answers before the demo is there, and says that it is not ready.
        until(lambda: 503 in run.ready() or run.ready() == [200, 200], "first words", within_s=90.0)
        until(lambda: run.ready() == [200, 200] or service.process.poll() is not None,
              "the demo", within_s=DEMO_WITHIN_S)  # fmt: skip
        until(lambda: "Tessera is ready" in service.words, "the printed block", within_s=10.0)
        for told in (*run.urls, "user-1", PASSWORD, "/view/Image:1"):
            assert told in service.words
        check_sets(run)
        beside(tmp_path / "second")
    finally:
        service.stop(signal.SIGINT)
    again = run.start()
    try:
        until(lambda: run.ready() == [200, 200], "the second start", within_s=AGAIN_WITHIN_S)
        check_sets(run)
    finally:
        again.stop(signal.SIGINT)
    assert "The data are kept" in again.words


def beside(folder: Path) -> None:
    """A second system with a folder and ports of its own, without a demo."""
    other = Run(folder)
    service = other.start("--no-demo")
    try:
        until(lambda: other.ready() == [200, 200], "the system beside", within_s=AGAIN_WITHIN_S)
        assert PASSWORD not in service.words
    finally:
        service.stop(signal.SIGINT)


def check_sets(run: Run) -> None:
    """Everybody's sets, as each of the three sees them."""
    with closing(run.enter("root")) as root:
        groups = {each["name"]: each for each in ask(root, GROUPS)["groups"]["nodes"]}
    levels = {name: each["permissions"] for name, each in groups.items()}
    assert levels["Lab1"] == levels["Lab2"] == levels["read-annotate-group"] == "READ_ANNOTATE"
    assert levels["read-only-group"] == "READ_ONLY"
    assert levels["private-group"] == "PRIVATE"
    assert levels["read-write-group"] == "READ_WRITE"
    ids = {
        "lab": groups["Lab1"]["id"],
        "annotate": groups["read-annotate-group"]["id"],
        "only": groups["read-only-group"]["id"],
    }
    for number in (1, 2, 3):
        with closing(run.enter(f"user-{number}")) as client:
            check_user(ask(client, SETS, **ids), f"user-{number}")
            me = ask(client, "{ viewer { id } }")["viewer"]["id"]
            owners = {
                each["owner"]["login"] for each in ask(client, TAGGED, who=me)["images"]["nodes"]
            }
            assert len(owners) >= 2, "everybody has tagged somebody else's image"


def check_user(data: Any, login: str) -> None:
    trees = {
        name: [each for each in data[name]["nodes"] if each["owner"]["login"] == login]
        for name in ("full", "annotate", "only")
    }
    assert [len(trees[name]) for name in ("full", "annotate", "only")] == [2, 2, 2]
    datasets = {
        dataset["name"]: dataset["images"]["nodes"]
        for tree in trees["full"] for dataset in tree["datasets"]["nodes"]
    }  # fmt: skip
    names = [[channel["name"] for channel in each["channels"]] for each in
             datasets["Aurora-B siRNA"]]  # fmt: skip
    assert names == [["457", "528", "617", "685"]] * 4
    (slide,) = datasets["Biopsies"]
    assert slide["pixels"]["sizeX"] >= 20_000
    assert slide["pixels"]["sizeY"] >= 15_000
    assert len(slide["tiles"]["levels"]) >= 5
    (plate,) = [each for each in data["plates"]["nodes"] if each["owner"]["login"] == login]
    fields = [well["wellSamples"]["nodes"] for well in plate["wells"]["nodes"]]
    assert len(fields) == 8
    assert all(len(well) == 4 for well in fields)
    assert {each["plateAcquisition"]["name"] for well in fields for each in well} == {
        "Run 1",
        "Run 2",
    }
