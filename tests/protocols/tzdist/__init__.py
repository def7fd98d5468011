"""Tests of the time zone service."""
