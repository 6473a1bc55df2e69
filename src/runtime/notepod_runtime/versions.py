"""Versions of the packages whose objects a snapshot holds."""

import sys

from .errors import SnapshotError


def package_versions(modules):
    """``{package: version}`` for the installed packages among the top-level names of ``modules``."""
    found = {}
    for top in sorted({name.partition(".")[0] for name in modules}):
        version = _version(top)
        if version is not None:
            found[top] = version
    return found


def _version(top):
    module = sys.modules.get(top)
    origin = getattr(module, "__file__", None) or ""
    if "site-packages" not in origin and "dist-packages" not in origin:
        return None
    version = getattr(module, "__version__", None)
    return version if isinstance(version, str) else None


def check_versions(step, recorded):
    """Raises NP507 if an imported package has another major version than the one that made the snapshot."""
    for package, made in recorded.items():
        here = _version(package)
        if here is not None and here.partition(".")[0] != made.partition(".")[0]:
            raise SnapshotError(
                "NP507",
                f"The snapshot of step {step} was made with {package} {made}; this step has {package} {here}.",
                f"Give both steps images with the same version of {package}.",
            )
