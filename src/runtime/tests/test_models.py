"""Models come back able to go on: two steps give what one process gives. Skipped where the library is not installed."""

import pytest
from steps import Notebook

SEED = "torch.manual_seed(0)\n"
NET = "net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)); x = torch.randn(64, 4); y = x.sum(1, keepdim=True)\n"
OPT = "opt = torch.optim.Adam(net.parameters(), lr=.1)\n"
LOSS = "((net(x) - y) ** 2).mean()"

# (id, import, first cell, names, second cell, which prints)
GO_ON = [
    (
        "epochs",
        "import torch",
        SEED + NET + OPT + f"opt.zero_grad(); {LOSS}.backward(); opt.step()",
        "net opt x y",
        f"opt.zero_grad(); l = {LOSS}; l.backward(); opt.step(); print(l.item(), net[0].weight.sum().item(), opt.param_groups[0]['params'][0] is net[0].weight)",
    ),
    (
        "gradients",
        "import torch",
        SEED + NET + OPT + f"{LOSS}.backward()",
        "net opt x y",
        f"opt.step(); print(net[0].weight.sum().item(), {LOSS}.item())",
    ),
    (
        "views",
        "import torch",
        "t = torch.arange(100_000.); v = t[10:20]; u = t.view(100, 1000).T; p = torch.nn.Parameter(t); n = t.numpy(); d = {'t': t}",
        "t v u p n d",
        "v[0] = -1; n[11] = -2; print(t[10].item(), t[11].item(), u[10, 0].item(), p[10].item(), d['t'] is t, u.stride())",
    ),
    (
        "small views",
        "import torch",
        "t = torch.zeros(3, dtype=torch.bfloat16); v = t[1:]; e = torch.empty(0); z = torch.tensor(5); b = torch.tensor([True])",
        "t v e z b",
        "v[0] = 1; print(t, e, z, b, t.dtype)",
    ),
    (
        "partial fit",
        "from sklearn.linear_model import SGDClassifier; from sklearn.datasets import make_classification",
        "X, y = make_classification(200, random_state=0); m = SGDClassifier(random_state=0); m.partial_fit(X, y, classes=[0, 1]); d = {'m': m}",
        "m X y d",
        "m.partial_fit(X, y); print(m.coef_.tolist(), d['m'] is m)",
    ),
    (
        "keras",
        "import keras, numpy as np",
        "keras.utils.set_random_seed(1); X = np.random.default_rng(0).random((64, 4)); Y = X.sum(1); m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]); m.compile('adam', 'mse'); h = m.fit(X, Y, epochs=2, verbose=0, shuffle=False)",
        "m X Y h",
        "print(m.fit(X, Y, epochs=1, verbose=0, shuffle=False).history, h.history, h.model is m, int(m.optimizer.iterations))",
    ),
]


@pytest.mark.parametrize("library, make, names, go_on", [pytest.param(*row[1:], id=row[0]) for row in GO_ON])
def test_goes_on(tmp_path, library, make, names, go_on):
    pytest.importorskip(library.replace("from ", "import ").split()[1].split(".")[0].rstrip(","))
    library += "\n"
    one, two = (Notebook(tmp_path / name) for name in ("one", "two"))
    one.step("all", library + make + "\n" + go_on, limit=600)
    two.step("a", library + make, outputs=names.split(), limit=600)
    two.step("b", library + go_on, inputs=names.split(), limit=600)
    assert two.last.stdout == one.last.stdout != ""


def test_tensor_with_its_history_is_refused(tmp_path):
    pytest.importorskip("torch")
    notebook = Notebook(tmp_path)
    notebook.step(
        "a", "import torch\nw = torch.ones(2, requires_grad=True); v = [w.sum()]", outputs=["v"], expect=4
    )
    assert (
        "NP501" in notebook.last.stderr
        and "v[0]" in notebook.last.stderr
        and "grad_fn" in notebook.last.stderr
    )


def test_gradient_is_a_change(tmp_path):
    pytest.importorskip("torch")
    notebook = Notebook(tmp_path)
    notebook.step("a", "import torch\nw = torch.ones(2, requires_grad=True)", outputs=["w"])
    notebook.step("b", "(w * 3).sum().backward()", inputs=[("w", {"neededAfter": ["c"]})])
    notebook.step("c", "assert w.grad.tolist() == [3, 3]", inputs=["w"])
