"""Names the operators that torchvision looks for at its import where its own library does not load.

torchvision's wheel on the default package index is built for CUDA. Beside the CPU build of torch its library does not
load, in silence, and ``torchvision._meta_registrations`` then asks for operators that nobody has defined. They are
declared here, without code: nothing in this project calls them. Where the library loads, nothing is done.

``torchvision_ops.pth`` imports this module when an interpreter starts, so it imports nothing but ``importlib``.
"""

import sys
from importlib.machinery import PathFinder

WAITS_FOR = "torchvision.extension"
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def declare(extension):
    """Declare the operators, unless the library that ``torchvision.extension`` has just tried to load brought them."""
    if not extension._has_ops():
        import torch

        extension.declared = torch.library.Library("torchvision", "DEF")  # they last as long as this object
        for name in ("nms", "qnms"):
            extension.declared.define(name + SCHEMA)


class Finder:
    """Finds ``torchvision.extension`` as Python does, with ``declare`` called after its code."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name == WAITS_FOR else None
        if spec is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                declare(module)

            spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder)
