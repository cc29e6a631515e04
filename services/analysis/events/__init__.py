"""Events: posts that tell one story. How posts are grouped, and the figures of a group. Pure."""
