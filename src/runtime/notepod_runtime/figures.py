"""A matplotlib back end that draws without a screen and shows figures as outputs of the cell.

Chosen by ``MPLBACKEND=module://notepod_runtime.figures``; imported by matplotlib, so never without it.
"""

import builtins

from matplotlib.backends.backend_agg import (
    FigureCanvasAgg,
    FigureManagerBase,
)  # noqa: F401

from . import display

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase


def show(*_, **__):
    """``plt.show()``: shows the figures here and now."""
    outputs = getattr(builtins, "__notepod_outputs__", None)
    if outputs is not None:
        display.show_figures(outputs)
