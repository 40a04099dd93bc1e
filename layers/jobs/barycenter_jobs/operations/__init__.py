"""What the product does, one thing a module. Every dependency is handed in."""
