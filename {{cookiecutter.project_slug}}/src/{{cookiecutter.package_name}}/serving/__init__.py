"""Predictions over HTTP, from a version's ONNX graph; no training framework is needed.

To read in order: server.py, app.py, answer.py, a protocol such as
tensorflow_serving.py, rows.py, batching.py, model.py.
"""
