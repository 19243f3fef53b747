"""The one table from tasks to verbs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from momentscan import flows
from momentscan.jobs import tasks as t
from momentscan.progress import Progress
from momentscan.settings import Settings

OnEvent = Callable[[Any], None]

VERBS: dict[type, Callable[[Any, Settings, Progress, OnEvent], Any]] = {
    t.Scan: lambda task, s, on, _: flows.scan(Path(task.video), s, task.force, on),
    t.Find: lambda task, s, on, _: flows.find(Path(task.folder), s, on),
    t.Pack: lambda task, s, on, _: flows.pack(Path(task.folder), s, on),
    t.Clip: lambda task, s, on, _: flows.clip(Path(task.folder), s, on),
    t.Export: lambda task, s, on, _: flows.export(Path(task.folder), s, task.formats, on, task.clips),
    t.Import: lambda task, s, on, _: flows.import_edit(
        Path(task.folder), Path(task.file), s, task.engine, task.at, on
    ),
    t.Compare: lambda task, s, on, _: flows.compare_engines([Path(f) for f in task.folders], task.a, task.b),
    t.People: lambda task, s, on, _: flows.people(Path(task.folder)),
    t.Forget: lambda task, s, on, _: flows.forget(Path(task.folder), task.person, s, on),
    t.Watch: lambda task, s, on, on_event: flows.watch(task.source, s, on_event, on, task.most_s),
}
"""task -> what does it, with the settings of the task."""
