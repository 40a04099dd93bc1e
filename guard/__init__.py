"""AWS's rules for CloudFormation templates, asked of the stack's, and the exceptions that are made.

The rules are AWS Control Tower's proactive controls, and CloudFormation Guard checks them. Both come as AWS
publishes them, in the package cdklabs-cdk-validator-cfnguard, of which nothing else is used.
"""
