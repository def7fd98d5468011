"""From a school's files to storage: recognise, parse, select, reconcile, plan, thresholds, apply."""
