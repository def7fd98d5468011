"""Tests of the benchmarks' own arithmetic, words and wire; none of them looks at how long anything takes."""
