"""Versions of the packages whose objects a snapshot holds."""

import sys

from .errors import SnapshotError


def package_versions(kinds):
    """``{package: version}`` of the installed packages that define one of the types ``kinds``."""
    tops = {kind.__module__.partition(".")[0] for kind in kinds if isinstance(kind.__module__, str)}
    found = {top: _version(top) for top in sorted(tops)}
    return {top: version for top, version in found.items() if version is not None}


def _version(top):
    module = sys.modules.get(top)
    origin = getattr(module, "__file__", None) or ""
    version = getattr(module, "__version__", None)
    installed = "site-packages" in origin or "dist-packages" in origin
    return version if installed and isinstance(version, str) else None


def check_versions(step, recorded):
    """Raises NP507 if an imported package has another major version than the one that made the snapshot."""
    for package, made in recorded.items():
        here = _version(package)
        if here is not None and here.partition(".")[0] != made.partition(".")[0]:
            raise SnapshotError(
                "NP507",
                f"the snapshot of step {step} was written with {package} {made}, and this step has {package} {here}.",
                f"Use one version of {package} for both steps.",
            )
