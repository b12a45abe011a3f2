"""A small production with known physics, partly incomplete and out of order: for tests, a first look and benchmarks."""

from latteboard.demo.disorder import Disorder
from latteboard.demo.physics import TRUTH, Truth
from latteboard.demo.production import DemoReport, write_demo

__all__ = ["TRUTH", "DemoReport", "Disorder", "Truth", "write_demo"]
