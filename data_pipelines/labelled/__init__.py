"""Labelled series in, the rows of classification tasks out: public archives, and files of the user's."""
