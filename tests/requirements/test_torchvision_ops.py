"""torchvision can be imported beside the CPU build of torch, in every interpreter, by whatever comes first."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

MODULE = Path(__file__).resolve().parents[2] / "requirements" / "torchvision-ops" / "torchvision_ops.py"
LOOK = """
import sys
assert "torch" not in sys.modules, "an interpreter starts without torch"
from transformers.models.qwen2_vl import video_processing_qwen2_vl
import torch, torchvision
print(torch.ops.torchvision.nms, torchvision.extension._has_ops() or torchvision.extension.declared is not None)
"""


@pytest.fixture
def ops(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as the repository has it; its finder does not stay."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    spec = importlib.util.spec_from_file_location("torchvision_ops_here", MODULE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_new_interpreter_imports_what_needs_torchvision() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LOOK], capture_output=True, text=True, check=False)
    assert done.stdout.split()[-2:] == ["torchvision.nms", "True"], done.stderr[-2000:]


def test_a_library_that_loads_is_left_alone(ops: ModuleType) -> None:
    extension = SimpleNamespace(_has_ops=lambda: True)
    ops.declare(extension)
    assert not hasattr(extension, "declared")


def test_no_other_module_is_looked_for(ops: ModuleType) -> None:
    assert ops.Finder.find_spec("json") is None
    assert ops.Finder.find_spec("torchvision") is None
    assert sys.meta_path[0] is ops.Finder
