"""Models that the project builds itself."""
