"""Datasets of ARTIST in their smallest form."""

SHORT = {
    "name": "short",
    "title": "short questions",
    "task": "recipes.artist.task.Artist",
    "reader": "recipes.artist.questions.generated.Generated",
    "form": "short",
    "rows": {"sft": 30, "train": 24, "val": 6, "test": 9, "sft_val": 6},
    "seed": 3,
    "view": {"view": "letters", "bins": 12},
    "traces": {"right": 0.4, "accept": 0.6, "early": 0.2, "reasoner": 0.5},
}
