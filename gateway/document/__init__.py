"""What the merged API document says of every call: problems, headers, tags, examples, and Chinese."""
