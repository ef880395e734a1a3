"""grafanalib's classes, and the only place that imports it.

It builds some ninety attrs classes at import, each with a representation and comparisons that nothing here uses;
leaving those out takes a third off the import, which is the dearest one of a run.
"""

from __future__ import annotations

import functools

import attr

_full = attr.s
attr.s = functools.partial(_full, repr=False, eq=False)
try:
    from grafanalib import core
finally:
    attr.s = _full

__all__ = ["core"]
