"""Random model checks: what every client holds after a completed sync equals the truth."""
