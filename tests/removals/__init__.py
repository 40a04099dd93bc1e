"""What DynamoDB's TTL removed, and the account of it."""
