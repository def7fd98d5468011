"""Benchmarks: Cadran against its peers, measured in the same run."""
