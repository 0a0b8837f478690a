"""The labelling app: a server on this machine, and the page that it shows. Only this package imports FastAPI."""

from __future__ import annotations
