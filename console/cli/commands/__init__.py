"""One file for each command of `barycenter-jobs`."""
