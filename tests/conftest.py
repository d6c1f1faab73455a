"""One thread for each test process, unless the caller asks for more.

Tiny models gain nothing from threads, and waiting for one another costs them: on two busy cores the tests of training
and generation took 14 seconds of processor time with one thread and 101 with two. torch reads this at its import.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
