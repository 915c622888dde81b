"""The layers by name, for the process around the model's. Standalone."""

from __future__ import annotations

from promoter.core.layers import Layer, State, Strictness, missing

__all__ = ["Layer", "State", "Strictness", "missing"]
