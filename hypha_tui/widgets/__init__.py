"""Textual widgets: they show frozen values and post messages."""
