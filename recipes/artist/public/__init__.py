"""Published questions about series, in their public forms: ETI, RCW, ECG-QA, Sleep-QA, TSQA and TRQA."""
