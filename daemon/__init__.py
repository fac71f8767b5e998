"""The HTTP and WebSocket API, accounts and config; may die at any time without a program noticing."""
