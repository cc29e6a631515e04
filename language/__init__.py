"""What every service reads in a Chinese text alike: figures and dates with their roles, and places. Pure, no I/O."""
