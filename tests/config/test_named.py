import pytest

from src.config.named import load_class, load_function
from src.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("pkg://src.tasks.forecast.series", "cosine"),
        ("pkg://src/tasks/forecast/series", "cosine"),
        ("src.tasks.forecast.series", "cosine"),
        ("src.tasks.forecast.series.cosine", None),
    ],
)
def test_finds_functions_of_packages(path: str, name: str | None) -> None:
    from src.tasks.forecast.series import cosine

    assert load_function(path, name) is cosine


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_finds_functions_of_files(tmp_path, prefix: str) -> None:
    (tmp_path / "mine.py").write_text("def score(**sample):\n    return {'score': 7.0}\n")
    assert load_function(f"{prefix}{tmp_path}/mine.py", "score")() == {"score": 7.0}


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("pkg://no.such.package", "f", "cannot import 'no.such.package': ModuleNotFoundError"),
        ("src.tasks.forecast.series", "nothing", "'src.tasks.forecast.series' has no function 'nothing'"),
        ("src.rewards.cli", "USAGE", "'src.rewards.cli' has no function 'USAGE'"),
        ("no_file.py", "f", "there is no file 'no_file.py'"),
    ],
)
def test_says_what_is_missing(path: str, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_function(path, name)


def test_shows_the_error_of_a_broken_file(tmp_path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(ConfigError, match="ZeroDivisionError: division by zero"):
        load_function(str(tmp_path / "broken.py"), "f")


def test_a_key_is_named_in_front_of_what_is_wrong() -> None:
    with pytest.raises(ConfigError, match=r"^dataset\.task: 'src\.errors' has no function 'Nothing'$"):
        load_function("src.errors.Nothing", key="dataset.task")


def test_a_class_is_of_the_kind_that_is_asked_for() -> None:
    assert load_class("src.errors.DataError", Exception) is DataError
    for path in ("src.config.named.load_class", "src.errors.DataError"):
        with pytest.raises(ConfigError, match=rf"^dataset\.task: '{path}' is not a OSError: derive it from OSError$"):
            load_class(path, OSError, key="dataset.task")
