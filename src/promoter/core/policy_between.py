"""What must hold between a model rule's task, evaluation, statistics and checks."""

from __future__ import annotations

from promoter.core.figure_rules import OF_FIGURES
from promoter.core.policy import Source, Task
from promoter.core.policy_engine import OF_SPARK
from promoter.core.policy_rules import GIVE_ROWS, SOURCES_OF_ROWS, TestsNeedRows
from promoter.core.shape import Rule
from promoter.core.shape_rules import Holds, Needs
from promoter.core.value_rules import FORMS_OF_TASKS

_SOURCE = ("evaluation", "source")
_INFERENCE = (str(Source.INFERENCE),)
_BINARY = (str(Task.BINARY),)
_CLASSES = (str(Task.BINARY), str(Task.MULTICLASS))
_NOT_BINARY = (str(Task.MULTICLASS), str(Task.REGRESSION))
_POSITIVE = ("evaluation", "positive_label")

_ROWS: tuple[Rule, ...] = (
    Needs(
        when=("statistics",),
        then=_SOURCE,
        then_is=SOURCES_OF_ROWS,
        found="`statistics`, a statistic without rows",
        write=f"{GIVE_ROWS}, or delete it",
    ),
    TestsNeedRows(),
    Needs(
        when=("checks", "inference"),
        then=_SOURCE,
        then_is=_INFERENCE,
        found="`inference` without a model that runs",
        write=f"{GIVE_ROWS}, or delete the check",
    ),
    *(
        Needs(
            when=("checks", check),
            then=_SOURCE,
            then_is=SOURCES_OF_ROWS,
            found=f"`{check}` without rows",
            write=f"{GIVE_ROWS}, or delete the check",
        )
        for check in ("slices", "business_value", "negative_flips")
    ),
)

_TASKS: tuple[Rule, ...] = (
    *(
        Needs(
            when=_SOURCE,
            when_is=(source,),
            then=("task",),
            found=f"`source: {source}` without a `task`",
            write="Write `task: binary_classification`, `multiclass_classification` or `regression` beside "
            "`evaluation`",
        )
        for source in SOURCES_OF_ROWS
    ),
    Needs(
        when=("task",),
        when_is=_BINARY,
        given=(Holds(path=_SOURCE, words=SOURCES_OF_ROWS),),
        then=_POSITIVE,
        found="`binary_classification` without a `positive_label`",
        write="Write `positive_label:` in `evaluation`, and the label that counts as positive",
    ),
    Needs(
        when=_POSITIVE,
        given=(Holds(path=("task",), words=_NOT_BINARY),),
        then=("task",),
        then_is=_BINARY,
        found="a `positive_label` for a task that has none",
        write="Delete it, or write `task: binary_classification`",
    ),
    Needs(
        when=("checks", "negative_flips"),
        given=(Holds(path=("task",), words=(str(Task.REGRESSION),)),),
        then=("task",),
        then_is=_CLASSES,
        found="`negative_flips` for a task without labels",
        write="Delete it: only a label can turn from right to wrong",
    ),
)

BETWEEN_KEYS = (*_ROWS, *_TASKS, *OF_SPARK, *FORMS_OF_TASKS, *OF_FIGURES)
