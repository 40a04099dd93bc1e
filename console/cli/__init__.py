"""The operator's command line, `barycenter-jobs`.

`group` lists the commands, and `commands` has a file for each. What several of them share stands beside:
`options` (arguments), `database` (a table and how to reach it), `pace` (the clock and the ceilings),
`progress` (what is shown meanwhile), `resume_file` (what a later call goes on from) and `money` (units and
what they cost).
"""
