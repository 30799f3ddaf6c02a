"""Auth structures: what is in them, and the texts that hold them."""
