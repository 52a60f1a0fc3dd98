"""Short scripts that use Tessera from outside; each is run by a test."""
