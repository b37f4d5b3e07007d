"""Strengths that have a name. A strength runs from 0 (nothing changes) to 1 (the picture is made from scratch)."""

from generation import Task

MIN_STRENGTH = 0.05
LOW, MEDIUM, HIGH = 0.25, 0.5, 0.8
SKETCH = 0.7
#: after enlarging: new detail, the same picture
POLISH = 0.3
#: side by side
COMPARED = (0.2, 0.4, 0.6, 0.8)
#: of the tasks that have a strength, if nobody chose one; what is inpainted must not show through
DEFAULTS = {Task.IMG2IMG: MEDIUM, Task.INPAINT: 0.9}
