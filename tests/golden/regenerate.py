"""Write the golden files: `python -m tests.golden.regenerate`. Read the difference before you keep it.

It depends on nothing but the code: no clock, no network, no settings.
"""

from __future__ import annotations

from pathlib import Path

from tests.golden.cases import CASES

FOLDER = Path(__file__).parent / "files"


def main() -> None:
    """Every case into its file; files that no case has are removed."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in CASES:
            path.unlink()
    for name, render in CASES.items():
        (FOLDER / name).write_text(render(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
