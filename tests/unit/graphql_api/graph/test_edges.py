"""Every reference between rows is an edge of the graph, or is argued here."""

from __future__ import annotations

from graphql_api.graph.edges import CARRIERS, EDGES, NODES, Kind, table_of
from shared.models import MODELS
from shared.models.links import LINKS

DETAILS = {"owner_id", "group_id", "creation_event_id", "update_event_id", "trash_id"}


def test_every_column_that_names_a_row_is_an_edge() -> None:
    missing = []
    for name in (*NODES, *CARRIERS):
        for column in table_of(name).c:
            own = name in CARRIERS and column.name == CARRIERS[name][1]
            if column.foreign_keys and column.name not in DETAILS and not own:
                label = f"{name}.{column.name}"
                if label not in EDGES:
                    missing.append(label)
    assert missing == []


def test_every_link_is_an_edge() -> None:
    assert set(LINKS) <= set(EDGES)


def test_every_row_without_details_has_a_carrier_or_is_machinery() -> None:
    loose = {
        name
        for name, model in MODELS.items()
        if name not in CARRIERS
        and any(
            key.column.table.name in {table_of(node).name for node in NODES}
            for column in model.__table__.c
            for key in column.foreign_keys
        )
        and "trash_id" not in model.__table__.c
    }
    assert loose == set()


def test_parts_and_contents_start_at_what_holds_them() -> None:
    found = {name: (edge.kind, edge.source, edge.target) for name, edge in EDGES.items()}

    assert found["Pixels.image_id"] == (Kind.PART, "Image", "Pixels")
    assert found["ObjectiveSettings.objective_id"][0] is Kind.REFERS
    assert found["Channel.logical_channel_id"] == (Kind.REFERS, "Pixels", "LogicalChannel")
    assert found["ChannelAnnotationLink"] == (Kind.ANNOTATES, "Pixels", "Annotation")
    assert found["Folder.parent_folder_id"] == (Kind.CONTAINS, "Folder", "Folder")
