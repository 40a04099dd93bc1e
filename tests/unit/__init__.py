"""Rules and operations, one file each, without any store but memory."""
