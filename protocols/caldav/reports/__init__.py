"""One module for each report, and the registry that finds them by the name of their root element (RFC 3253, 3.6)."""
