"""The public portal's pages: what was published, as HTML for people without a front end."""
