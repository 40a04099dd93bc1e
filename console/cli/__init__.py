"""The operator's command line, `barycenter-jobs`.

`group` lists the commands, and `commands` has a file for each. What several of them share stands beside:

options         arguments and options, and what a command gets for them
exits           exit statuses, and the failures that choose one
endpoints       which HTTP API is asked and who asks; `stacks` finds a deployed one, `signing` signs
api             questions and answers; `documents` has the GraphQL, `log_pages` and `exporting` the log
output          tables, plain columns and JSON; `runs` and `times` are parts of them, `acting` tells of acts
pace            the clock and ceilings; `patience` with a server that is gone; `watching` a run to its end
proxying        a request that goes on signed
checks          what the doctor looks at
database        a provider's table and how to reach it (`access`, `aws`)
progress        what `backfill` shows meanwhile; `resume_file` lets it go on, `money` has its costs
"""
