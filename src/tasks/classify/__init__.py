"""Series in classes, named: one grammar of answers, accuracy and macro-F1 beside trivial and strong baselines."""
