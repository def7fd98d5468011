"""A phone of our own, written from the specification and ignorant of the server's code."""
