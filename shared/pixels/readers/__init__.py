"""One module, or a few, per format; heavy libraries load inside the functions that use them."""
