"""What follows a run and shows it elsewhere: each step's line goes to every tracker that is asked for."""
