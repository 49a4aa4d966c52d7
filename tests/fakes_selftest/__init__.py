"""Proof that the fakes speak the real protocols: driven by the official SDKs wherever one is installed."""
