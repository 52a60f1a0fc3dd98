"""Carry a plan out: bulk statements over the planner's tables, in the caller's transaction."""
