"""The protocols that the server speaks, all on one port."""

from ..messages import Endpoint

ENDPOINTS: list[Endpoint] = []
