"""A two-pane terminal file manager for Hypha artifacts."""
