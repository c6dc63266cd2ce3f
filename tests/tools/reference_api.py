"""The page of the library's classes, read from their source."""

from __future__ import annotations

from collections.abc import Iterator

import griffe

import hypha_artifact
from tests.tools.reference_markdown import (
    HEAD,
    described,
    library,
    one_line,
    summary,
    table,
)

INTRODUCTION = """
# Python reference

Everything here is made from the docstrings. `HyphaArtifact`, `HyphaWorkspace` and
their asynchronous twins are imported from `hypha_artifact`, the rest from the modules
that are named. Versions, stages and what is safe: [staging](../staging.md). Errors
have [a page of their own](errors.md).
"""

CLASSES = [
    "artifact.AsyncHyphaArtifact",
    "sync.artifact.HyphaArtifact",
    "async_artifact_file.AsyncArtifactHttpFile",
    "artifact_file.ArtifactHttpFile",
    "workspace.AsyncHyphaWorkspace",
    "sync.workspace.HyphaWorkspace",
    "fsspec.filesystem.HyphaFileSystem",
    "settings.ConnectionSettings",
    "transfer_progress.TransferProgress",
    "localserver.server.LocalServer",
]

TWINS = {
    "sync.artifact.HyphaArtifact": "artifact.AsyncHyphaArtifact",
    "sync.workspace.HyphaWorkspace": "workspace.AsyncHyphaWorkspace",
    "artifact_file.ArtifactHttpFile": "async_artifact_file.AsyncArtifactHttpFile",
}

MODELS = [
    "Artifact",
    "Version",
    "StageMode",
    "StageState",
    "StagedChange",
    "ChangeKind",
    "CommitPreview",
    "ResultingFile",
    "Fate",
    "Finding",
    "Severity",
    "User",
    "WorkspaceInfo",
    "Rights",
]


def api_page() -> str:
    source = library()
    parts = [HEAD, INTRODUCTION.strip()]
    for path in CLASSES:
        parts += _class(source, path)
    parts.append("## What the server says: `hypha_artifact.models`")
    for name in MODELS:
        parts += _values(_class_at(source, f"models.{name}"))
    parts.append("## Types and events: `hypha_artifact.classes`")
    parts += _types(source)
    return "\n\n".join(parts) + "\n"


def _class_at(source: griffe.Module, path: str) -> griffe.Class:
    found = source[path]
    assert isinstance(found, griffe.Class)
    return found


def _class(source: griffe.Module, path: str) -> Iterator[str]:
    cls = _class_at(source, path)
    yield f"## {cls.name}"
    yield f"`from {_home(path)} import {cls.name}`"
    yield from described(cls.docstring)
    if path in TWINS:
        yield from _face(cls, _class_at(source, TWINS[path]))
        return
    found = _public(cls)
    properties = [_property(each) for each in found if isinstance(each, _ATTRIBUTE)]
    if properties:
        yield "Attributes:\n\n" + "\n".join(properties)
    for each in found:
        if isinstance(each, griffe.Function):
            yield from _method(each)


_ATTRIBUTE = griffe.Attribute
_STARS = {
    griffe.ParameterKind.var_positional: "*",
    griffe.ParameterKind.var_keyword: "**",
}


def _home(path: str) -> str:
    module, _, name = path.rpartition(".")
    if name in hypha_artifact.__all__:
        return "hypha_artifact"
    return f"hypha_artifact.{module.removesuffix('.server')}"


def _members(cls: griffe.Class) -> dict[str, griffe.Function | griffe.Attribute]:
    """Return what a class and those that it is made of show to others."""
    return {
        name: member
        for each in reversed([cls, *cls.mro()])
        for name, member in each.members.items()
        if isinstance(member, griffe.Function | griffe.Attribute)
        and not name.startswith("_")
    }


def _public(cls: griffe.Class) -> list[griffe.Function | griffe.Attribute]:
    """Return what is documented of them."""
    return [each for each in _members(cls).values() if each.docstring]


def _property(attribute: griffe.Attribute) -> str:
    return f"- `{attribute.name}: {attribute.annotation}`: {summary(attribute)}"


def _method(method: griffe.Function) -> Iterator[str]:
    yield f"### `{method.name}`"
    yield _signature(method)
    yield from described(method.docstring)


def _signature(method: griffe.Function) -> str:
    kind = "async def" if "async" in method.labels else "def"
    names = [each.name for each in method.parameters]
    lines = [f"    {_parameter(each)}," for each in method.parameters]
    star = _first_keyword(method)
    if star is not None:
        lines.insert(star, "    *,")
    lines = lines[1:] if names[:1] in (["self"], ["cls"]) else lines
    inside = "\n" + "\n".join(lines) + "\n" if lines else ""
    mark = "@classmethod\n" if "classmethod" in method.labels else ""
    text = f"{mark}{kind} {method.name}({inside}) -> {method.returns}: ..."
    return f"```python no-run\n{text}\n```"


def _first_keyword(method: griffe.Function) -> int | None:
    for place, each in enumerate(method.parameters):
        if each.kind is griffe.ParameterKind.keyword_only:
            return place
    return None


def _parameter(parameter: griffe.Parameter) -> str:
    stars = _STARS.get(parameter.kind, "") if parameter.kind else ""
    text = stars + parameter.name
    if parameter.annotation is not None:
        text += f": {parameter.annotation}"
    default = str(parameter.default).replace("'", '"')
    return text if stars or parameter.default is None else f"{text} = {default}"


def _face(cls: griffe.Class, twin: griffe.Class) -> Iterator[str]:
    """Say what a blocking class has that its asynchronous twin does not."""
    theirs = {each.name: each for each in _public(twin)}
    ours = _members(cls)
    same = ", ".join(f"`{name}`" for name in ours if name in theirs)
    yield f"As in [{twin.name}](#{twin.name.lower()}): {same}."
    only = [each for name, each in ours.items() if name not in theirs]
    properties = [_property(each) for each in only if isinstance(each, _ATTRIBUTE)]
    if properties:
        yield "And:\n\n" + "\n".join(properties)
    for each in only:
        if isinstance(each, griffe.Function):
            yield from _method(each)
    moved = [
        each
        for name, each in ours.items()
        if isinstance(each, griffe.Function)
        and isinstance(twin_method := theirs.get(name), griffe.Function)
        and _names(each) != _names(twin_method)
    ]
    if moved:
        yield "With parameters in other places than there:"
        yield from (_signature(each) for each in moved)


def _names(method: griffe.Function) -> list[tuple[str, bool]]:
    keyword = griffe.ParameterKind.keyword_only
    return [(each.name, each.kind is keyword) for each in method.parameters]


def _values(cls: griffe.Class) -> Iterator[str]:
    """Describe a record or an enumeration."""
    yield f"### {cls.name}"
    yield from described(cls.docstring)
    rows: list[list[str]] = []
    for each in cls.members.values():
        if isinstance(each, griffe.Attribute) and not each.name.startswith("_"):
            rows.append([f"`{each.name}`", _kind(each), summary(each)])
        elif isinstance(each, griffe.Function) and not each.name.startswith("_"):
            rows.append([f"`{each.name}()`", f"`{each.returns}`", summary(each)])
    if rows:
        yield table(["name", "type or value", "what"], rows)


def _kind(attribute: griffe.Attribute) -> str:
    shown = attribute.annotation or attribute.value
    return f"`{one_line(str(shown))}`"


def _types(source: griffe.Module) -> Iterator[str]:
    module = source["classes"]
    assert isinstance(module, griffe.Module)
    for each in module.members.values():
        if isinstance(each, griffe.Class):
            bases = [str(base) for base in each.bases if str(base) != "TypedDict"]
            yield from _values(each)
            if bases:
                yield f"And what {', '.join(f'`{base}`' for base in bases)} has."
        elif isinstance(each, griffe.Attribute):
            value = " ".join(str(each.value).split())
            yield f"### {each.name}\n\n`{value}`"
            if each.docstring:
                yield summary(each)
