"""Tasks are plain values; `run` does one, here or in a worker process."""

from momentscan.jobs.run import Result, run
from momentscan.jobs.tasks import (
    Clip,
    Compare,
    Export,
    Find,
    Forget,
    Import,
    Pack,
    People,
    Scan,
    Task,
    Watch,
    task_from_json,
    task_to_json,
)
from momentscan.jobs.workers import run_all

__all__ = [
    "Clip",
    "Compare",
    "Export",
    "Find",
    "Forget",
    "Import",
    "Pack",
    "People",
    "Result",
    "Scan",
    "Task",
    "Watch",
    "run",
    "run_all",
    "task_from_json",
    "task_to_json",
]
