"""Predictions over HTTP, from a version's ONNX graph; no training framework is needed.

A request comes in as `messages.Request`, one of protocols/ reads it, rows.py turns it
into the tensors of the model, model.py predicts, and the protocol writes the reply.
"""
