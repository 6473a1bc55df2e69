"""A matplotlib back end that draws without a screen and shows figures as outputs of the cell.

Chosen by ``MPLBACKEND=module://notepod_runtime.figures``; imported by matplotlib, so never without it.
"""

from matplotlib.backends.backend_agg import FigureCanvasAgg, FigureManagerBase, new_figure_manager_given_figure  # noqa: F401

import builtins

from . import display

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase


def show(*_, **__):
    """``plt.show()``: shows the figures here and now."""
    outputs = getattr(builtins, "__notepod_outputs__", None)
    if outputs is not None:
        display.show_figures(outputs)
