"""The API of commerce."""
