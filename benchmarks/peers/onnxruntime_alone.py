"""ONNX Runtime without a server: print the rows a second, so many at a time.

python onnxruntime_alone.py SECONDS ROWS ...
"""

import sys
import time

import numpy as np
from mlp import probabilities

rates = []
for n in map(int, sys.argv[2:]):
    images = np.random.default_rng(1).random((n, 28, 28), np.float32)
    rows, started = 0, time.perf_counter()
    while time.perf_counter() - started < float(sys.argv[1]):
        probabilities(images)
        rows += n
    rates.append(rows / (time.perf_counter() - started))
print(*rates)
