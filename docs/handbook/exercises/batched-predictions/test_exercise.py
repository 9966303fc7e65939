import numpy as np
from exercise import predict_all


def test_that_calls_are_few_and_batches_small():
    sizes = []

    def predict(rows):
        sizes.append(len(rows))
        return rows.sum(axis=1)

    rows = np.arange(20).reshape(10, 2)
    assert predict_all(predict, rows, 4).tolist() == rows.sum(axis=1).tolist()
    assert sizes == [4, 4, 2]
