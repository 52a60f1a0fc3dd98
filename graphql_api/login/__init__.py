"""How people come in: credentials out of a request, and the cookie that carries a session."""
