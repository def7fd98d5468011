"""Schema revisions, oldest first; run by `cadran migrate`."""
