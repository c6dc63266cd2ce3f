"""``python -m hypha_artifact.cli``."""

from __future__ import annotations

from hypha_artifact.cli import main

main(prog_name="hypha-artifact")
