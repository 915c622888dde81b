"""The part of a policy that says which files a model version may be made of, and where they may lie."""

from __future__ import annotations

from promoter.core.policy import ArtifactsRule
from promoter.core.scalars import Text
from promoter.core.shape import ListOf, Map, defaulted

_SOURCE = Text(
    about="The beginning of an address, up to a `/`: files below it are taken.",
    write="Write an address such as `s3://ml-models/prod/` or `mlflow-artifacts:/`",
    pattern=r"[a-z][a-z0-9+.-]*:/\S*",
    longest=1_000,
)
_FILE = Text(
    about="A glob on a file's whole path in the model's folder; `*` matches `/` too.",
    write="Write a glob such as `MLmodel`, `*.txt` or `data/*.onnx`, in quotes",
    pattern=r"[^\s/\\][^\\\n]*",
    longest=250,
)
_sources = defaulted(
    "sources",
    ListOf(
        about="Where a version's files may lie; left out: wherever the registry says.",
        write="Write a list of addresses, such as `[mlflow-artifacts:/]`",
        item=_SOURCE,
        distinct=str,
    ),
    default=(),
)
_files = defaulted(
    "files",
    ListOf(
        about="Which files a version may be made of: each must match one of these globs. A model without "
        "`*.pkl` in it can still run code when it is loaded; this keeps out what nobody expects.",
        write='Write a list of globs, such as `["MLmodel", "*.yaml", "*.txt", "*.json", "*.onnx"]`',
        item=_FILE,
        distinct=str,
    ),
    default=(),
)
ARTIFACTS = Map(
    about="The challenger's files can be read and are pinned: what was validated is what is applied.",
    write="Write `sources` or `files` below it, or `{}` to ask only that the files are pinned",
    fields=(_sources, _files),
    build=lambda record: ArtifactsRule(sources=record[_sources], files=record[_files]),
)
