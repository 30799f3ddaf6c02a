"""Run a notebook with nbclient, in the Python that this file is given to: `in_nbclient.py NOTEBOOK FOLDER`."""

import sys

import nbformat
from nbclient import NotebookClient

path, folder = sys.argv[1:]
NotebookClient(nbformat.read(path, 4), timeout=None, resources={"metadata": {"path": folder}}).execute()
