"""Files of posts, read on the server, with their progress."""
