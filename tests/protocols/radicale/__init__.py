"""Tests of the Radicale plug-ins, with an unmodified Radicale."""
