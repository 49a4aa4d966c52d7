"""The API of customers, under /api/v1/."""
