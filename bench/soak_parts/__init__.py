"""Parts of `bench/soak.py`: what is published and broken when, the site that does so, and how the service is judged."""
