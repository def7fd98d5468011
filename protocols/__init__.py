"""Protocols: bytes in, bytes out. They know storage only, share `protocols.wire` only, and never wait."""
