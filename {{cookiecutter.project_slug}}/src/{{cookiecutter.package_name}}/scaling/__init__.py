"""The commands that --ray gives to a Ray cluster (https://docs.ray.io)."""
