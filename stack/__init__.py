"""The local stack: PostgreSQL, the vendors' sandbox and Airflow as plain processes on loopback."""

import sys
from pathlib import Path

# The package that migrates the warehouse lies where Airflow's processes find it; here it is named.
_PLUGINS = str(Path(__file__).resolve().parent.parent / "plugins")
if _PLUGINS not in sys.path:
    sys.path.append(_PLUGINS)
