"""The API of tracking: taking events in, and reading them."""
