"""What the machine does while a model is trained, measured with MLflow's own code.

MLflow's monitors are used, but not the thread that MLflow runs them in: it ends as soon
as the server cannot be reached.
"""

import logging

from mlflow.system_metrics.metrics.base_metrics_monitor import BaseMetricsMonitor
from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

logger = logging.getLogger(__name__)

PREFIX = "system/"  # MLflow shows these on a page of their own
KINDS = (CPUMonitor, DiskMonitor, NetworkMonitor, GPUMonitor)


class Machine:
    """The whole machine: processor, memory, disks, network, NVIDIA's GPUs if any."""

    def __init__(self) -> None:
        """Begin: the use of a processor is counted from here on."""
        self.monitors: list[BaseMetricsMonitor] = []
        for kind in KINDS:
            try:
                self.monitors.append(kind())
            except Exception as error:
                # Most machines have no such GPU; none of this is worth a run.
                logger.info("%s measures nothing: %s", kind.__name__, error)
        self.figures()

    def figures(self) -> dict[str, float]:
        """Return what is measured now, by MLflow's names."""
        found: dict[str, float] = {}
        for monitor in self.monitors:
            monitor.collect_metrics()
            found |= {f"{PREFIX}{k}": v for k, v in monitor.aggregate_metrics().items()}
            monitor.clear_metrics()
        return found
