"""Machines that are thrown away after use, with all that lies on their disk: one table of their documented markers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Machine(NamedTuple):
    """A kind of machine that does not last.

    Attributes:
        name: what messages call it.
        marker: the environment variable that it documents.
        lasting: folders on it that outlive it, where they are mounted.
        advice: how to come to a place that lasts, in words.
    """

    name: str
    marker: str
    lasting: tuple[str, ...]
    advice: str


_DATABASE = "a team's database lasts: --to shared:NAME"
MACHINES = (
    # research.google.com/colaboratory/faq.html; Drive is mounted by google.colab.drive.mount("/content/drive").
    Machine(
        "Colab",
        "COLAB_RELEASE_TAG",
        ("/content/drive/MyDrive", "/content/drive"),
        'Drive lasts: from google.colab import drive; drive.mount("/content/drive")',
    ),
    # kaggle.com/docs/notebooks: what is in /kaggle/working is published with the notebook, so it is no place for it.
    Machine("Kaggle", "KAGGLE_KERNEL_RUN_TYPE", (), _DATABASE),
    # docs.databricks.com: a driver's disk is ephemeral; volumes and the workspace's files are not.
    Machine(
        "Databricks", "DATABRICKS_RUNTIME_VERSION", ("/Volumes", "/Workspace", "/dbfs"), "volumes last: /Volumes/…"
    ),
    # mybinder.readthedocs.io: a session's machine is deleted with it.
    Machine("Binder", "BINDER_SERVICE_HOST", (), _DATABASE),
    Machine("Binder", "BINDER_LAUNCH_HOST", (), _DATABASE),
    # docs.github.com/actions: a runner is new for each job.
    Machine("GitHub Actions", "GITHUB_ACTIONS", (), _DATABASE),
)


def thrown_away() -> Machine | None:
    """Return the kind of this machine if it is known to be thrown away, or `None`."""
    return next((each for each in MACHINES if os.environ.get(each.marker, "").lower() not in ("", "false")), None)


def lasts(place: str, machine: Machine) -> bool:
    """Tell whether a store outlives a machine.

    Args:
        place: the store's place.
        machine: the machine that it is used on.
    """
    if place.startswith("shared:"):
        return True
    if place.startswith(("profile:", "keyring:")):
        from oint_magics import settings

        place = str(settings.data_folder())
    path = Path(place)
    return any(path.is_relative_to(folder) and _is_mounted(folder) for folder in machine.lasting)


def lasting_folder(machine: Machine) -> str | None:
    """Return a folder on a machine that is there and outlives it, or `None`."""
    return next((folder for folder in machine.lasting if _is_mounted(folder)), None)


def _is_mounted(folder: str) -> bool:
    """Tell whether a folder is there, and on another disk than the machine's own."""
    try:
        return Path(folder).stat().st_dev != Path("/").stat().st_dev
    except OSError:
        return False
