"""What is known of accounts, and what their owner does with them."""
