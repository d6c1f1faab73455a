"""A run on several devices: `launch.py` starts and follows `engine/worker.py`; `ranks.py` adds gradients."""
