"""What runs on an operator's own machine.

The domain package ships in a Lambda layer and is installed nowhere, so it is found in the checkout.
"""

import sys

# Nothing else is imported here: until `__main__` has dealt with signals, Ctrl-C ends in a traceback.
_LAYER = __path__[0].removesuffix("console") + "layers/jobs"

if _LAYER not in sys.path:
    sys.path.insert(1, _LAYER)
