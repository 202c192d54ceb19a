"""What several pages are made of: panels, charts, images, words."""
