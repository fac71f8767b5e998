"""What can be told while the API does not answer: by the supervisor, or by what was written last.

Nothing here changes anything: no file is made, none is locked, and the supervisor is only asked.
"""
