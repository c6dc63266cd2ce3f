"""The command `hypha-artifact`: data on stdout, narration on stderr."""
