"""The API of people and keys."""
