"""Notepod: notebooks that become pipelines.

The package brings the command `notepod`, a program for Node, and finds a Node to run it with.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("notepod")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0"
