"""Structured fuzzing of everything that is read from outside: `make fuzz MINUTES=20`.

targets    what is read, and by which function of the project
mutators   one for each format: a valid file and a random number generator -> a hostile file
worker     a process that makes mutants and reads them, under limits
campaign   keeps workers busy, and tells crashes, hangs, memory, other exceptions and touched files
"""
