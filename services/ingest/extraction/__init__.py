"""From a page to what it says: title, text, author, time, counters. No I/O."""
