"""The panel list as a saved view of a Weights & Biases project, beside the page that is made from the same list.

What the view holds is a pure function of the panel list and of the metrics that a run has recorded; it needs neither
W&B nor a network. Only ``save_view`` needs both, and the package wandb-workspaces, which is imported there.
"""

import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from src.errors import UserError
from src.report.parts.charts import OTHER, Chart, build_charts
from src.report.parts.dashboard import Dashboard

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace

COLUMNS = 3

LIST_VIEWS = """
query Views($entity: String!, $project: String!) {
  project(name: $project, entityName: $entity) {
    allViews(viewType: "project-view") { edges { node { name displayName } } }
  }
}
"""


def specification(
    dashboard: Dashboard, stages: Mapping[str, Iterable[str]], trainers: Mapping[str, str]
) -> dict[str, Any]:
    """Return ``{"name": ..., "sections": [{"name": ..., "panels": [...]}]}`` as plain data.

    Args:
        stages: the metrics that each stage of a run has recorded.
        trainers: each stage's trainer. A panel is drawn over the steps of its stage, as ``src.trackers.wandb_tracker``
            records them, and over W&B's own step where several stages have its metrics, so that it is one curve through
            all of them. Metrics that no panel of the list claims are left to W&B's own workspace.
    """
    recorded = {stage: dict.fromkeys(names) for stage, names in stages.items()}
    charts, _ = build_charts(dashboard, recorded, trainers)
    sections: dict[str, list[dict[str, Any]]] = {}
    for chart in charts:
        if chart.section != OTHER:
            sections.setdefault(chart.section, []).append(_panel(chart, recorded))
    return {
        "name": dashboard.title,
        "sections": [{"name": name, "panels": panels} for name, panels in sections.items()],
    }


def _panel(chart: Chart, recorded: Mapping[str, Mapping[str, None]]) -> dict[str, Any]:
    metrics = [one["metric"] for one in chart.spec["series"]]
    about = chart.spec.get("stages", recorded)
    stages = [stage for stage in about if any(metric in recorded[stage] for metric in metrics)]
    axis = chart.spec["y"]
    panel: dict[str, Any] = {
        "title": chart.title,
        "x": f"stage_step/{stages[0]}" if len(stages) == 1 else "Step",
        "y": metrics + [ref["metric"] for ref in chart.spec["refs"]],
        "title_y": axis["label"],
    }
    if "min" in axis or "max" in axis:
        panel["range_y"] = [axis.get("min"), axis.get("max")]
    if chart.spec["kind"] == "stack":
        panel["plot_type"] = "stacked-area"
    return panel


def require_workspaces() -> None:
    """Raise UserError that says what to install when the package wandb-workspaces is missing."""
    if importlib.util.find_spec("wandb_workspaces") is None:
        raise UserError("the W&B view needs the package wandb-workspaces: pip install 'wandb-workspaces>=0.4.13,<0.5'")


def workspace(spec: Mapping[str, Any], entity: str, project: str) -> "Workspace":
    """Return a specification as an object of wandb-workspaces, not yet saved. Raises UserError without the package."""
    require_workspaces()
    import wandb_workspaces.reports.v2 as wr
    import wandb_workspaces.workspaces as ws

    sections = [
        ws.Section(
            name=section["name"],
            is_open=True,
            panels=[wr.LinePlot(**panel) for panel in section["panels"]],
            layout_settings=ws.SectionLayoutSettings(columns=COLUMNS, rows=-(-len(section["panels"]) // COLUMNS)),
        )
        for section in spec["sections"]
    ]
    return ws.Workspace(entity=entity, project=project, name=spec["name"], sections=sections)


def save_view(spec: Mapping[str, Any], entity: str | None, project: str) -> tuple[str, bool]:
    """Save a view in a project, unless one with the same panels is there; return its address and whether it is new.

    Views of one project are named ``Training``, ``Training-v2`` and so on: runs with other metrics get another view.

    Args:
        entity: the owner of the project; None for the one of the API key.

    Raises:
        UserError: without the package or a key, and when W&B refuses.
    """
    made = workspace(spec, entity or "", project)
    import requests
    import wandb
    from wandb_workspaces._graphql import execute_graphql

    try:
        api = wandb.Api()
        made.entity = entity or api.default_entity
        found = execute_graphql(api, LIST_VIEWS, {"entity": made.entity, "project": project})
        if found.get("project") is None:
            raise UserError(f"Weights & Biases: there is no project {made.entity}/{project} for this key")
        nodes = [edge["node"] for edge in found["project"]["allViews"]["edges"]]
        ours = {node["displayName"]: node["name"] for node in nodes if _version(node["displayName"], made.name)}
        for internal_name in ours.values():
            slug = internal_name.removeprefix("nw-").removesuffix("-v")
            try:
                other = type(made).from_url(f"https://wandb.ai/{made.entity}/{project}?nw={slug}")
            except ValueError:  # a view that this version of the package cannot read is another view
                continue
            if signature(other) == signature(made):
                return other.url, False
        made.name = next_name(made.name, list(ours))
        made.save()
    except (wandb.Error, requests.RequestException) as error:
        raise UserError(f"Weights & Biases: {error}") from None
    return made.url, True


def signature(view: "Workspace") -> list[tuple[str, list[tuple[str, str, tuple[str, ...]]]]]:
    """Return what makes two views the same: each section with the titles, the axes and the metrics of its panels."""
    return [
        (section.name, [(str(one.title), _name(one.x), tuple(map(_name, one.y))) for one in section.panels])
        for section in view.sections
    ]


def _name(metric: Any) -> str:
    return str(getattr(metric, "name", metric))


def next_name(name: str, taken: Sequence[str]) -> str:
    """Return ``name``, or ``name-v2``, ``name-v3`` and so on: the first after all that are taken."""
    versions = [version for one in taken if (version := _version(one, name))]
    return f"{name}-v{max(versions) + 1}" if versions else name


def _version(one: str, name: str) -> int:
    """The version of a view's name, 0 when it is not one of ``name``'s."""
    found = re.fullmatch(rf"{re.escape(name)}(?:-v(\d+))?", one)
    return int(found[1] or 1) if found else 0
