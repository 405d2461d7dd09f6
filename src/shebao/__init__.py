"""Shebao: the employer side of Chinese social insurance."""
