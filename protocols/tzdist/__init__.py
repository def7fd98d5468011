"""The time zone data distribution service (RFC 7808): descriptions of zones for anybody who asks."""
