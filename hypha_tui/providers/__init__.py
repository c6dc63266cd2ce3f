"""Local and remote folders behind one protocol."""
