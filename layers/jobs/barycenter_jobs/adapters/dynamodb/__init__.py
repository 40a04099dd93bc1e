"""Amazon DynamoDB, and engines that speak its protocol."""
