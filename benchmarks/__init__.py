"""Our sweep measured beside what a user would write instead, on one engine, in one run.

Read it from `__main__`. `compare`, `live_rows` and `memory` are the three measurements. Each plays `trials`:
a `child` process runs one of the `contenders` against a table that `seeding` has filled, while the `meter`
in front of the `engine` counts, and meddles where a trial asks for it; the `stand_in_engine` plays with our
own sweep where tables are too large for that one. `capacity` knows what DynamoDB documents that all of it
costs; `report` prints.
"""

# Finds the domain package in the checkout.
import console  # noqa: F401
