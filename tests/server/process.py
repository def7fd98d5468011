"""A serving process for tests: `python -m tests.server.process DATA` serves the protocol of these tests."""

from __future__ import annotations

import sys
from pathlib import Path

from server import config as configuration
from server import logs
from server.serving import Serving, listen_on
from storage.store import Store
from tests.server import protocol

if __name__ == "__main__":
    overrides = {
        "data": Path(sys.argv[1]),
        "server": {"listen": ["tcp:0:interface=127.0.0.1"], "stop_timeout": 2},
        "log": {"json": True},
    }
    config = configuration.load(None, overrides, {})
    logs.configure(config.log.level, as_json=config.log.as_json)
    store = Store(config.database_url())
    serving = Serving(config, store, protocol.find)
    served = serving.run(listen_on(config.server.listen), lambda addresses: print(addresses[0], flush=True))
    store.close()
    sys.exit(0 if served else 1)
