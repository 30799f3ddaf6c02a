"""Posts and their media: checked, claimed, uploaded, sent once."""
