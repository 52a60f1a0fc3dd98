"""What goes out as files of its own making."""
