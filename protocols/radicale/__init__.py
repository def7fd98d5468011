"""Plug-ins with which an unmodified Radicale serves our database: its `storage`, its `auth` and its `rights`."""
