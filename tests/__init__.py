"""Tests, a folder for each thing that they hold in place."""
