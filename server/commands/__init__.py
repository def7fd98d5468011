"""The subjects of the `cadran` command, one module each."""
