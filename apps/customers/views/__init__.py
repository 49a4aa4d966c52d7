"""Pages of customers: the counter, the record, the settings."""
