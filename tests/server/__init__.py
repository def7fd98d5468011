"""Tests of the server, its accounts and its command."""
