"""Nikola: the plugin is in this folder; name it in conf.py, no file has to be copied.

from moderator.integrations import nikola
EXTRA_PLUGINS_DIRS = [nikola.FOLDER]
MODERATOR = {"fail_on": "hold"}
"""

from __future__ import annotations

from pathlib import Path

FOLDER = str(Path(__file__).parent)
