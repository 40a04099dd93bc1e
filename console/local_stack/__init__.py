"""The whole stack of template.yaml on one machine, without AWS and without containers.

Read it from `stack`, which composes the parts: `template` says what there is to stand up, `engine` and
`tables` hold the data, `functions` and `worker` run the handlers, `lambda_endpoint`, `gateway` and `rules`
are the three ways in, `demo_data` gives them something to do, and `report` says what happened.
"""
