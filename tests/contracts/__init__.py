"""What every adapter owes: one suite, run over all that implement it."""
