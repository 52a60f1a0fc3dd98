"""Before an operation is planned: who may, on what, into what; each verb in its own file."""
