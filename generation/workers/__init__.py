"""What makes pictures: child processes of this machine, and actors on a Ray cluster's nodes."""
