"""Runs a Consul in dev mode until it is killed, and prints its port."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/interop"))

from consul_agent import Consul

with Consul() as consul:
    print(consul.port, flush=True)
    signal.pause()
