"""The wiring: configuration, commands, HTTP bridge, accounts, watcher and jobs. Alone in importing Twisted."""
