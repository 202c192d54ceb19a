"""A run on a Ray cluster that is up: submitted as a job, followed, and carried out there by its nodes."""
