"""What the operations need from the world, named by technology."""
