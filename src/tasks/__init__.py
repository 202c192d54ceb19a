"""The face of a kind of question, and what the tasks of several recipes share."""
