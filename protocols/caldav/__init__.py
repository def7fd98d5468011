"""CalDAV: WebDAV (RFC 4918), calendar access (RFC 4791), synchronisation (RFC 6578)."""
