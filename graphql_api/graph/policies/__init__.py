"""What each operation does with what it reaches: rules over edges, as data."""
