"""Each rollout has a seed of its own, the same in every process."""

from src.training.agent_loop import rollout_seed


def test_the_seed_is_fixed_and_fits_vllm() -> None:
    assert rollout_seed(1, 7, "demand", 3, 0) == 3627472247717016841
    assert 0 <= rollout_seed("anything") < 2**63


def test_whatever_tells_two_rollouts_apart_changes_the_seed() -> None:
    seeds = {
        rollout_seed(run, step, source, index, number)
        for run in (1, 2) for step in (1, 12) for source in ("a", "b") for index in (1, 11) for number in range(4)
    }  # fmt: skip
    assert len(seeds) == 64
    assert rollout_seed(1, 12) != rollout_seed(11, 2)
