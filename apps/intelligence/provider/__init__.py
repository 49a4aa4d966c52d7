"""The language model behind OpenAI's Responses API, or any server that speaks it."""
