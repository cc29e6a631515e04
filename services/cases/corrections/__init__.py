"""Correction requests (更正请求): what may be the object of one, who approves it, and its letter."""
