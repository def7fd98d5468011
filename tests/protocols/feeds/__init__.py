"""Tests of secret links."""
