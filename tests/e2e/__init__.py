"""A really started server, real clients over real sockets."""
