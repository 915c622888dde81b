"""Model folders whose code attacks: real MLflow pyfuncs, most without a pickle, some with one."""

from __future__ import annotations

import json
import pickle
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.sandbox.attack import NOTHING, ROWS, Attack, When
from tests.sandbox.surroundings import make_links

_ATTACKS = Path(__file__).parent / "attacks"
_LONGEST = 900
_MODULE = """
import json, sys
{imports}
from tests.sandbox.attacks import {module}
WORLD = json.loads({world!r})

def found():
    told = {module}.{function}(WORLD) or [{nothing!r}]
    told = (told * {rows})[:{rows}]
    return [one if type(one) is not str else one[:{longest}] for one in told]

class Model({base}):
    told = None
    def predict(self, context, model_input=None):
        return self.told if self.told is not None else found()

def _load_pyfunc(path):
    return loaded() if {at_once} else Model()

def loaded():
    model = Model()
    model.told = found()
    return model
"""
_PLAIN = """flavors:
  python_function:
    code: code
    loader_module: the_model
"""
_PICKLED = """flavors:
  python_function:
    code: code
    loader_module: mlflow.pyfunc.model
    python_model: python_model.pkl
    cloudpickle_version: 3.1.2
"""
_SKLEARN = """flavors:
  python_function:
    code: code
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
  sklearn:
    code: code
    pickled_model: model.pkl
    serialization_format: pickle
    sklearn_version: 1.8.0
"""
_FORMS = {When.UNPICKLING: _PICKLED, When.UNPICKLING_SKLEARN: _SKLEARN}


class _Bomb:
    """Its pickle calls the code beside it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("__import__('the_model').loaded()",)


def write_hostile(folder: Path, attack: Attack, world: Mapping[str, Any]) -> Path:
    """The model that tries one attack. `world` is what an attacker could find out, as JSON."""
    code = folder / "code"
    package = code / "tests" / "sandbox" / "attacks"
    shutil.copytree(_ATTACKS, package, ignore=shutil.ignore_patterns("__pycache__"))
    # Whole packages, as some environment has a package `tests` of its own.
    for above in (package, package.parent, package.parent.parent):
        (above / "__init__.py").touch()
    text = _MODULE.format(
        module=attack.module,
        function=attack.function.__name__,
        world=json.dumps(world),
        nothing=NOTHING,
        rows=ROWS,
        longest=_LONGEST,
        imports="from mlflow.pyfunc import PythonModel" if attack.when is When.UNPICKLING else "",
        base="PythonModel" if attack.when is When.UNPICKLING else "",
        at_once=attack.when is When.LOADING,
    )
    (code / "the_model.py").write_text(text, encoding="utf-8")
    python = f"mlflow_version: 3.17.2\npython_version: {platform.python_version()}\n"
    (folder / "MLmodel").write_text(_FORMS.get(attack.when, _PLAIN) + python, encoding="utf-8")
    for name in ("python_model.pkl", "model.pkl") if attack.when in _FORMS else ():
        (folder / name).write_bytes(pickle.dumps(_Bomb()))
    if attack.function.__name__ == "links_in_the_model":
        make_links(folder, {name: value for name, value in world.items() if isinstance(value, str)})
    return folder


NEIGHBOUR = """
if self.calls == 1:
    import ctypes
    self.held = ctypes.create_string_buffer(b"champion's secret", 64)
    os.umask(0)
    with open("secret", "w") as file:
        file.write("champion's secret")
    return [f"{os.getpid()}|{os.getcwd()}|{ctypes.addressof(self.held)}"] * len(frame)
with open("secret") as file:
    whole = file.read() == self.held.value.decode() == "champion's secret"
ours = sorted(os.listdir(".")) == ["secret"] and os.getpriority(os.PRIO_PROCESS, 0) == 0
return ["as it was" if whole and ours else "changed"] * len(frame)
"""
