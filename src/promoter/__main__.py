"""`python -m promoter`: the same as `promoter`, where only the interpreter is on the path."""

from promoter.cli import main

raise SystemExit(main())
