"""Bring the folder that one pygeoapi works in back to its first state."""

import os
import shutil
import threading
from pathlib import Path

DATA = Path(__file__).parent / "data"


def reset() -> None:
    """For an application in this process: put its data back, and forget every job."""
    for thread in threading.enumerate():
        # Or a job that still runs would write into the first state.
        if "_execute_handler_sync" in thread.name:
            thread.join()
    restore(Path(os.environ["PYGEOAPI_WORK"]))


def flask_server() -> None:
    """The same for the server that works in the folder `flask`."""
    restore(Path(os.environ["PYGEOAPI_WORK"], "flask"))


def starlette_server() -> None:
    """The same for the server that works in the folder `starlette`."""
    restore(Path(os.environ["PYGEOAPI_WORK"], "starlette"))


def restore(work: Path) -> None:
    """Put the lakes and stations back, and remove everything else."""
    work.mkdir(parents=True, exist_ok=True)
    for file in work.iterdir():
        file.unlink()
    for file in DATA.iterdir():
        shutil.copyfile(file, work / file.name)
