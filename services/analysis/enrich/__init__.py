"""What the machine says of one text: topics, places, kind of incident, keywords, near-duplicate signature. Pure."""
