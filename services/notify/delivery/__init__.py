"""What keeps delivery going when a channel fails or a storm comes: breakers, folding, dead letters."""
