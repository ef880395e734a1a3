"""`python -m observability` is `tripobs`."""

import sys

from observability.cli.main import main

sys.exit(main())
