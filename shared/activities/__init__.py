"""Long-running jobs: durable rows, claims with a number, workers that may die at any moment."""
