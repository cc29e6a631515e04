"""What letters say: the built-in templates, and the office's own in versions beside them."""
