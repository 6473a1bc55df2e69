"""Shown values: what a notebook shows for them, with IPython in the process or without."""

import pytest
from steps import Notebook


def shown(records):
    """The MIME types of each shown value, in order."""
    return [sorted(each["output"]["data"]) for each in records if "data" in each.get("output", {})]


@pytest.mark.parametrize("needs_ipython", [False, True])
def test_figure_that_came_from_another_step(tmp_path, needs_ipython):
    pytest.importorskip("matplotlib")
    pytest.importorskip("IPython")
    notebook = Notebook(tmp_path)
    notebook.step(
        "a", "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2]);", outputs=["fig"]
    )
    records = notebook.step("b", "fig", inputs=["fig"], needsIPython=needs_ipython)
    assert shown(records) == [["image/png", "text/plain"]]
