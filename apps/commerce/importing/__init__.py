"""How checked chunks of files become products, orders, lines and payments."""
