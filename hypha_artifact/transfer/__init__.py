"""The transfer engine: no HTTP verbs of its own, and no UI."""
