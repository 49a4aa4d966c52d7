"""Models that need no provider: a template, a summary of the person's own sentences, a sentiment from word lists."""
