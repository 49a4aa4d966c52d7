"""What providers tell us by HTTP: each module verifies the raw request of one provider and reads it."""
