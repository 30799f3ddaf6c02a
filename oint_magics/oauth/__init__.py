"""OAuth 2.0's messages, built and read: no socket, no clock, no file."""
