"""Tests of Exchange ActiveSync."""
