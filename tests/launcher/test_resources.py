"""A machine or a model folder that cannot hold a run is refused with what to do."""

from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.launcher import resources
from src.launcher.resources import check_models, check_resources

GIB = 2**30
Disk = namedtuple("Disk", "total used free")
Memory = namedtuple("Memory", "available")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the free disk and memory in GiB."""

    def set_free(disk: float = 100, memory: float = 100) -> None:
        monkeypatch.setattr(resources.shutil, "disk_usage", lambda _: Disk(0, 0, disk * GIB))
        monkeypatch.setattr(resources.psutil, "virtual_memory", lambda: Memory(memory * GIB))

    set_free()
    return set_free


def _cfg(folder: Path, model: str | None = None, runtime: str = "cpu") -> DictConfig:
    return OmegaConf.create({"run": {"folder": str(folder)}, "runtime": {"name": runtime}, "model": {"path": model}})


def test_enough_passes(machine: Callable[..., None], tmp_path: Path) -> None:
    check_resources(_cfg(tmp_path))


def test_a_full_disk_is_named_by_the_folder_that_exists(machine: Callable[..., None], tmp_path: Path) -> None:
    machine(disk=0.4)
    with pytest.raises(UserError) as error:
        check_resources(_cfg(tmp_path / "runs" / "of" / "mine"))
    assert str(error.value) == f"{tmp_path} has 0.4 GiB free, a run needs 1: free some, or give run.folder="


def test_too_little_memory_is_refused_for_a_cpu_run_only(machine: Callable[..., None], tmp_path: Path) -> None:
    machine(memory=2.5)
    with pytest.raises(UserError) as error:
        check_resources(_cfg(tmp_path))
    assert str(error.value) == "2.5 GiB of memory are free, a CPU run needs 6: end other programs"
    check_resources(_cfg(tmp_path, runtime="gpu"))


MODELS: tuple[tuple[tuple[str, ...], str | None], ...] = (
    ((), "the folder holds no config.json; give a Hugging Face model folder"),
    (("tokenizer.json",), "the folder holds no config.json; give a Hugging Face model folder"),
    (("config.json",), "the folder holds no tokenizer; save it there with tokenizer.save_pretrained"),
    *(
        (
            ("config.json", tokenizer),
            "its tokenizer has no chat template, which prompts are written with: set tokenizer.chat_template and save "
            "it there, or give the instruction-tuned model",
        )
        for tokenizer in ("tokenizer.json", "vocab.json", "tokenizer.model")
    ),
    (("config.json", "tokenizer.json", "chat_template.jinja"), None),
    (("config.json", "vocab.json", "chat_template.json"), None),
    (("config.json", "tokenizer.model", "additional_chat_templates/tools.jinja"), None),
)


@pytest.mark.parametrize(("files", "problem"), MODELS)
def test_a_model_folder(tmp_path: Path, files: tuple[str, ...], problem: str | None) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for name in files:
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).touch()
    if problem is None:
        check_models(_cfg(tmp_path, str(model)))
        return
    with pytest.raises(UserError) as error:
        check_models(_cfg(tmp_path, str(model)))
    assert str(error.value) == f"model.path={model}: {problem}"


@pytest.mark.parametrize(("content", "passes"), [('{"chat_template": "{{ messages }}"}', True), ("{}", False)])
def test_a_chat_template_in_the_tokenizers_own_file(tmp_path: Path, content: str, passes: bool) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    (tmp_path / "tokenizer_config.json").write_text(content)
    if passes:
        check_models(_cfg(tmp_path, str(tmp_path)))
        return
    with pytest.raises(UserError, match="no chat template"):
        check_models(_cfg(tmp_path, str(tmp_path)))


@pytest.mark.parametrize("path", ["./nothing", "/nothing/here", "~/nothing/here"])
def test_a_model_folder_that_is_not_there(tmp_path: Path, path: str) -> None:
    with pytest.raises(UserError) as error:
        check_models(_cfg(tmp_path, path))
    assert str(error.value) == f"model.path={path}: there is no such folder"


def test_a_hub_name_is_the_hubs_to_judge(tmp_path: Path) -> None:
    check_models(_cfg(tmp_path, "Qwen/Qwen2.5-7B-Instruct"))
