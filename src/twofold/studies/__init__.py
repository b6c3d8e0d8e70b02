"""One file per paper: a recording goes in, a Result comes out."""
