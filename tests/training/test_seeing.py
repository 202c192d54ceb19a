"""A stage with images stops when the model is not shown them, or other ones than the rollout."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from seeing import rows

from src.errors import UserError
from src.tasks.build import write_rows
from src.training.seeing import check_gap, gap_bound, require_processor


def _files(folder: Path, images: bool) -> tuple[str, str]:
    for name in ("train", "val"):
        write_rows([row for row in rows() if images or not row.images], folder / f"{name}.parquet")
    return str(folder / "train.parquet"), str(folder / "val.parquet")


def test_images_need_a_processor(tmp_path: Path) -> None:
    files = _files(tmp_path, images=True)
    assert require_processor(files, object()) is True
    with pytest.raises(UserError, match="could not be loaded: veRL would train without them"):
        require_processor(files, None)


def test_text_needs_none(tmp_path: Path) -> None:
    assert require_processor(_files(tmp_path, images=False), None) is False


def _config(dtype: str, given: float | None = None) -> object:
    return OmegaConf.create(
        {
            "actor_rollout_ref": {"rollout": {"dtype": dtype}},
            "trainer": {"v1": {"sampler": {"sampler_kwargs": {"max_logprob_gap": given}}}},
        }
    )


@pytest.mark.parametrize(("dtype", "given", "bound"), [("float32", None, 1e-3), ("bfloat16", None, 0.1),
                                                       ("float32", 0.5, 0.5)])  # fmt: skip
def test_the_bound_follows_from_the_precision_unless_given(dtype: str, given: float | None, bound: float) -> None:
    assert gap_bound(_config(dtype, given)) == bound  # type: ignore[arg-type]


@pytest.mark.parametrize("gap", [0.43, float("nan")])
def test_a_gap_above_the_bound_stops_the_run(gap: float) -> None:
    with pytest.raises(UserError, match=r"nats per token in the first step .* they do not see the same images"):
        check_gap(gap, 1e-3)


def test_rounding_passes() -> None:
    check_gap(2.7e-7, 1e-3)
