"""Of many candidates the few that show most: greedy cover over classes of faults."""
