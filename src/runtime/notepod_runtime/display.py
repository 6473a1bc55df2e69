"""How a value is shown: the MIME bundle that IPython would make of it, without IPython where that is possible."""

import base64
import sys

_METHODS = (
    ("text/html", "_repr_html_"),
    ("text/markdown", "_repr_markdown_"),
    ("image/svg+xml", "_repr_svg_"),
    ("image/png", "_repr_png_"),
    ("image/jpeg", "_repr_jpeg_"),
    ("text/latex", "_repr_latex_"),
    ("application/json", "_repr_json_"),
    ("application/javascript", "_repr_javascript_"),
    ("application/pdf", "_repr_pdf_"),
)

#: IPython.lib.pretty wraps lines at this width.
_WIDTH = 79
_PLAIN = (int, float, complex, str, bytes, bool, type(None))


def bundle(value):
    """``(data, metadata)`` by MIME type; text/plain is always there."""
    data, metadata = {}, {}
    mimebundle = _method(value, "_repr_mimebundle_")
    if mimebundle is not None:
        made = mimebundle(include=None, exclude=None)
        if isinstance(made, tuple):
            made, metadata = made
        data.update(made or {})
    png = picture(value) if is_figure(value) else None
    if png is not None:
        data["image/png"] = base64.b64encode(png).decode()
    for mime, name in _METHODS:
        if mime in data:
            continue
        method = _method(value, name)
        made = method() if method is not None else None
        if made is None:
            continue
        if isinstance(made, tuple):
            made, extra = made
            metadata[mime] = extra
        data[mime] = base64.b64encode(made).decode() if isinstance(made, bytes) else made
    data.setdefault("text/plain", pretty(value))
    return data, metadata


def pretty(value):
    """The text of a value, as IPython formats it: lines of at most 79 columns, sets sorted, long sequences cut."""
    text = _short(value, 0)
    if text is not None and len(text) <= _WIDTH:
        return text
    kind = type(value)
    own = kind.__repr__
    builtin = kind.__module__ in ("builtins", "types", "collections", "functools", "re", "typing")
    if not builtin and not isinstance(value, (type, BaseException)) and not hasattr(kind, "_repr_pretty_"):
        inherited = any(own is base.__repr__ for base in (list, dict, tuple, set, frozenset, object))
        if not inherited:
            return repr(value)
    if isinstance(value, _PLAIN) and kind in _PLAIN:
        return repr(value)
    try:
        from IPython.lib.pretty import pretty as ipython_pretty
    except ImportError:
        from .pretty import printed

        return printed(value)
    return ipython_pretty(value)


def _short(value, depth):
    """The text of plain values and of small containers of them; None if it takes more than that."""
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if kind not in (list, tuple, dict) or depth > 3 or len(value) > 40:
        return None
    if kind is dict:
        parts = [(_short(key, depth + 1), _short(each, depth + 1)) for key, each in value.items()]
        if any(part is None for pair in parts for part in pair):
            return None
        return "{" + ", ".join(f"{key}: {each}" for key, each in parts) + "}"
    parts = [_short(each, depth + 1) for each in value]
    if any(part is None for part in parts):
        return None
    if kind is list:
        return "[" + ", ".join(parts) + "]"
    return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"


def _method(value, name):
    if isinstance(value, type):
        return None
    try:
        found = getattr(value, name, None)
    except Exception:
        return None
    # An object that answers to every name (a mock, a remote proxy) says nothing about display.
    if (
        found is None
        or not callable(found)
        or callable(getattr(value, "_ipython_canary_method_should_not_exist_", None))
    ):
        return None
    return found


def show_figures(outputs):
    """Shows and closes the figures that the cell has drawn, as the inline backend does at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return
    for number in pyplot.get_fignums():
        show_figure(outputs, pyplot.figure(number))
    pyplot.close("all")


def is_figure(value):
    """True for a figure of matplotlib, which a notebook shows as a picture wherever it is the value of a cell."""
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(value, getattr(module, "Figure", ()))


def picture(figure):
    """A figure as PNG, cut to what is drawn; None for an empty one."""
    import io

    if not figure.axes and not figure.lines and not figure.texts:
        return None
    file = io.BytesIO()
    figure.canvas.print_figure(
        file,
        format="png",
        bbox_inches="tight",
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
        dpi=figure.dpi,
    )
    return file.getvalue()


def show_figure(outputs, figure):
    """Shows one figure as a picture. An empty figure shows nothing."""
    png = picture(figure)
    if png is not None:
        outputs.display({"image/png": base64.b64encode(png).decode(), "text/plain": repr(figure)})
