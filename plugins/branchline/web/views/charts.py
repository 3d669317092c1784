"""Charts as SVG inside the page, by pygal: without its script and its styles, which the page's own sheet replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup

SIZE = {"width": 900, "height": 260}
_KINDS = {"bar": pygal.Bar, "stacked": pygal.StackedBar, "line": pygal.Line}


def chart(
    kind: Literal["bar", "stacked", "line"],
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
) -> Markup:
    """A chart for the eye alone: what it shows stands in a table beside it, and screen readers pass over it.

    Args:
        kind: bars side by side, bars on top of each other, or lines.
        labels: of the horizontal axis, one a value.
        series: name to values; None is a gap.
    """
    drawn = _KINDS[kind](
        **SIZE, css=[], js=[], no_prefix=True, explicit_size=False, show_legend=len(series) > 1, legend_at_bottom=True,
        x_label_rotation=0, truncate_label=12, show_minor_x_labels=False,
        x_labels_major_every=max(1, len(labels) // 8), print_values=False, show_dots=False, margin=10,
    )  # fmt: skip
    drawn.x_labels = list(labels)
    for name, values in series.items():
        drawn.add(name, list(values))
    tree = drawn.render_tree()
    for parent in tree.iter():
        for child in [one for one in parent if _name(one) in {"defs", "style", "script", "desc"}]:
            parent.remove(child)
        parent.attrib.pop("style", None)
    for title in [one for one in tree if _name(one) == "title"]:
        tree.remove(title)
    tree.attrib.pop("id", None)
    tree.set("aria-hidden", "true")
    tree.set("focusable", "false")
    return Markup(ET.tostring(tree, encoding="unicode"))  # noqa: S704 - pygal's own tree, in which text is escaped


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
