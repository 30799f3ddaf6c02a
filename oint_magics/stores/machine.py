"""Machines that are thrown away after use, with all that lies on their disk: one table of their documented markers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple


class Machine(NamedTuple):
    """A kind of machine that does not last.

    Attributes:
        name: what messages call it.
        marker: the environment variable that it documents.
        lasting: folders on it that outlive it, where they are mounted.
        advice: how to come to a place that lasts, in words.
        takes_files: whether a user's file may be refreshed there without asking; only the data folder is refused.
    """

    name: str
    marker: str
    lasting: tuple[str, ...]
    advice: str
    takes_files: bool = False


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
    # docs.github.com/actions: a runner is new for each job; so are the others', as their lists of variables say.
    Machine("GitHub Actions", "GITHUB_ACTIONS", (), _DATABASE),
    Machine("GitLab CI", "GITLAB_CI", (), _DATABASE),
    Machine("CircleCI", "CIRCLECI", (), _DATABASE),
    Machine("Azure Pipelines", "TF_BUILD", (), _DATABASE),
    # huggingface.co/docs/hub/spaces-overview: the disk is ephemeral, storage that was bought is /data.
    Machine("a Hugging Face Space", "SPACE_ID", ("/data",), "storage that was added to the Space lasts: /data"),
    # deepnote.com/docs: a project's files are in /work.
    Machine("Deepnote", "DEEPNOTE_PROJECT_ID", ("/work",), "the project's files last: /work"),
    # cloud.google.com/run/docs/container-contract: an instance's disk is in its memory.
    Machine("Cloud Run", "K_SERVICE", (), _DATABASE),
    Machine("Cloud Run", "CLOUD_RUN_JOB", (), _DATABASE),
    # docs.aws.amazon.com/lambda: /tmp is ephemeral, a file system that was attached is below /mnt.
    Machine("AWS Lambda", "AWS_LAMBDA_FUNCTION_NAME", ("/mnt",), _DATABASE),
    # devcenter.heroku.com/articles/dynos: each dyno has an ephemeral disk.
    Machine("Heroku", "DYNO", (), _DATABASE),
)
# Files that Docker and Podman create in a container, and variables that systemd and Kubernetes set.
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
_CONTAINER_MARKERS = ("container", "KUBERNETES_SERVICE_HOST")
_MOUNTS = "/proc/self/mountinfo"
# Kubernetes' volumes that end with their pod.
_EMPTY_DIR = "kubernetes.io~empty-dir"
# Mounts of the system, which do not last; everything below the first three is one too.
_OF_THE_SYSTEM = ("/proc", "/sys", "/dev", "/", "/run", "/tmp", "/var/run", "/var/tmp")  # noqa: S108 - no place for tokens


def thrown_away() -> Machine | None:
    """Return the kind of this machine if it is known to be temporary, or `None`.

    A container counts as one if the data folder is on the container's disk.
    """
    named = next((each for each in MACHINES if os.environ.get(each.marker, "").lower() not in ("", "false")), None)
    return named or _container()


def _container() -> Machine | None:
    is_one = any(map(os.path.exists, _CONTAINER_FILES)) or any(map(os.environ.get, _CONTAINER_MARKERS))
    if not is_one or _mount_of(str(_data_folder())) is not None:
        return None
    folders = tuple(_mounted_folders())
    advice = "a mounted folder lasts" + ("" if folders else ': docker run -v "$PWD":/work …')
    return Machine("a container", "", folders, advice, takes_files=True)


def lasts(place: str, machine: Machine) -> bool:
    """Tell whether a store outlives a machine.

    Args:
        place: the store's place.
        machine: the machine that it is used on.
    """
    if place.startswith("shared:"):
        return True
    if place.startswith(("profile:", "keyring:")):
        place = str(_data_folder())
    path = Path(place)
    if not machine.marker:
        return _mount_of(place) is not None
    return any(path.is_relative_to(folder) and _is_mounted(folder) for folder in machine.lasting)


def lasting_folder(machine: Machine) -> str | None:
    """Return a folder on a machine that is there and outlives it, or `None`."""
    if not machine.marker:
        return next(iter(machine.lasting), None)
    return next((folder for folder in machine.lasting if _is_mounted(folder)), None)


def _data_folder() -> Path:
    from oint_magics import settings

    return settings.data_folder()


def _mount_of(path: str) -> str | None:
    """Return the mount that contains a path; `None` for the machine's root disk."""
    real = os.path.realpath(path)
    holding = [point for point in _mounts() if Path(real).is_relative_to(point)]
    return max(holding, key=len, default=None)


def _mounted_folders() -> list[str]:
    """Return the mounted folders that can be written, the one with the current folder first."""
    here = _mount_of(os.curdir)
    folders = [point for point in _mounts() if Path(point).is_dir() and os.access(point, os.W_OK)]
    return sorted(folders, key=lambda point: (point != here, len(point)))


def _mounts() -> list[str]:
    """Return the mount points of users' folders and files, without the system's."""
    try:
        lines = Path(_MOUNTS).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    # proc_pid_mountinfo(5): the fifth field, with blanks and backslashes in octal.
    fields = [line.split() for line in lines if _EMPTY_DIR not in line]
    points = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), each[4]) for each in fields]
    points = [each for each in points if each not in _OF_THE_SYSTEM]
    return [each for each in points if not each.startswith(tuple(f"{folder}/" for folder in _OF_THE_SYSTEM[:3]))]


def _is_mounted(folder: str) -> bool:
    """Tell whether a folder is there, and on another disk than the machine's own."""
    try:
        return Path(folder).stat().st_dev != Path("/").stat().st_dev
    except OSError:
        return False
