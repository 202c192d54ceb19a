"""What the project adds to veRL's trainers: selection of rollouts, and the record of every step."""
