"""Plots of durations."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def cumulative(panels: Mapping[str, Mapping[str, Sequence[float]]], seconds_of: str, path: Path) -> None:
    """Write one panel per title with cumulative distributions of seconds, one line per name."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(6 * len(panels), 4), layout="constrained", squeeze=False)
    for axis, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for name, values in lines.items():
            axis.ecdf(values, label=name)
        axis.set_title(title)
        axis.set_xlabel(f"seconds {seconds_of}")
        axis.legend(loc="lower right")
    axes[0][0].set_ylabel("share")
    figure.savefig(path)
    pyplot.close(figure)
