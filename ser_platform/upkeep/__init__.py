"""What lies in the feature cache, whether it is intact, and what of it nobody needs."""
