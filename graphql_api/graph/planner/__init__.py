"""From targets to a plan, in waves of set-based statements over temporary tables."""
