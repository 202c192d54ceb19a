"""One table over several runs of a recipe, such as its seeds."""
