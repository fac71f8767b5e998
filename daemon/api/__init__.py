"""The endpoints, one file per resource: each reads the request, calls one method, answers."""
