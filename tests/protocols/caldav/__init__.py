"""Tests of the CalDAV engine."""
