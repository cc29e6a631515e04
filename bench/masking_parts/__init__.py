"""Generated texts with personal numbers, and with figures that look like some."""
