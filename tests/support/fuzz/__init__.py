"""Structured fuzzing of everything that is read from outside: `make fuzz MINUTES=20`.

target     what a target is: a format, valid files, and the function of the project that reads it
targets    all of them; targets_actors, targets_media, targets_kept and targets_training hold those of one kind
mutate_*   a valid file and a random number generator -> a hostile file, for each format; checksums, hashes and
           lengths are made right again afterwards, most of the time, where that leads further in
values     hostile numbers and texts, edits of single bytes
worker     a process that makes mutants and reads them, under limits
campaign   keeps workers busy, and counts crashes, hangs, memory, other exceptions and touched files
"""
