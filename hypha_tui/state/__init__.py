"""Pure values and functions behind the widgets: no Textual, no IO."""
