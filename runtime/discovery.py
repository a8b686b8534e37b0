"""Finds plug-ins: every public module of a package is one and says so in one attribute. There is no central list."""

import importlib
import pkgutil
from typing import Protocol, TypeVar


class Named(Protocol):
    """A plug-in carries the name of its file."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=Named)


class PluginError(Exception):
    """A file in a plug-in folder is no plug-in. The message says which, why, and what to write."""


def discover(package: str, attribute: str, kind: type[P]) -> dict[str, P]:
    """All plug-ins of `package`, by name: each module's `attribute`, which must be a `kind` named like its file.

    Raises `PluginError` at the first that is missing, misnamed, of the wrong kind, or cannot be imported.
    """
    root = importlib.import_module(package)
    found = {}
    for entry in sorted(pkgutil.iter_modules(root.__path__), key=lambda one: one.name):
        if not entry.name.startswith("_"):
            found[entry.name] = _load(package, entry.name, attribute, kind)
    return found


def _load(package: str, name: str, attribute: str, kind: type[P]) -> P:
    where = f"{package.replace('.', '/')}/{name}.py"
    try:
        module = importlib.import_module(f"{package}.{name}")
    except Exception as fault:
        raise PluginError(f"{where} cannot be imported ({fault}): mend it or take it out of the folder") from fault
    plugin = getattr(module, attribute, None)
    if plugin is None:
        raise PluginError(f"{where} has no {attribute}: add `{attribute} = {kind.__name__}(…)`, or move it elsewhere")
    if not isinstance(plugin, kind):
        raise PluginError(f"{where}: {attribute} is a {type(plugin).__name__}, but has to be a {kind.__name__}")
    if plugin.name != name:
        raise PluginError(f"{where}: it calls itself {plugin.name!r}: give the file and the plug-in the same name")
    return plugin
