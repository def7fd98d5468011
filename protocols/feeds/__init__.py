"""Secret links: one collection as an .ics to subscribe to, or as the times at which its owner is busy."""
