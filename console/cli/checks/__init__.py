"""What the doctor looks at, a file for each part: the API, the AWS account, the tables and the schedules."""
