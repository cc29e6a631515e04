"""What the gateway bears from a connection before and beside any request: how many, how slow, how large, how odd."""
