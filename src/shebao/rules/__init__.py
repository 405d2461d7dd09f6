"""The rules of social insurance as pure functions over region folders: no Django, no clock, no database."""
