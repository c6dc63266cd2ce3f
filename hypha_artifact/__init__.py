"""Hypha artifacts from Python: browse, move, stage and commit files."""
