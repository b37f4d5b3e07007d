"""Processes that end with the one that started them, however that one ends."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def end_with(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Let the kernel send this process a signal when its parent is gone; sends it at once where it is gone already.

    ``parent`` is the parent's process id. The kernel goes by the thread that started this process, which must be one
    that lives as long as the parent. Elsewhere than on Linux only the look at the parent is made.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)
