"""The subjects of the `cadran` command, one module each."""

from server import texts
from server.commands import frame

# Before any command: the library words the types of parameters where they are made.
texts.adopt_click()
frame.adopt()
