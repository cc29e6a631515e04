"""Files of posts and events for a spreadsheet, made in the background, with their progress."""
