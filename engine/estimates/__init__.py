"""Memory, operations and time of a run or of answers, estimated before they begin; `preflight.py` has them all."""
