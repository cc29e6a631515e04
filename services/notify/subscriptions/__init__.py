"""Subscriptions to topics: who is told of what they follow, besides those whom the plan names."""
