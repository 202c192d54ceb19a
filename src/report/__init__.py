"""The report of a run or a sweep: one HTML file that opens without a network, and the page that follows a run."""
