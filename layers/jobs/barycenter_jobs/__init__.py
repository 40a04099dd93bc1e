"""What the functions of barycenter-jobs share: rules, operations, adapters and ways in."""
