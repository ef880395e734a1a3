"""``python -m exporters``."""

import sys

from exporters.main import main

sys.exit(main())
