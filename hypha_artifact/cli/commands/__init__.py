"""The commands, a module for each family; ``cli.table`` says what is where."""
