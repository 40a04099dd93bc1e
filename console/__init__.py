"""What runs on an operator's own machine.

The domain package ships in a Lambda layer, where it is found in a checkout; `pip install` puts it beside
this one.
"""

import sys

# Nothing else is imported here: until `__main__` has dealt with signals, Ctrl-C ends in a traceback.
_LAYER = __path__[0].removesuffix("console") + "layers/jobs"

if _LAYER not in sys.path:
    sys.path.insert(1, _LAYER)
