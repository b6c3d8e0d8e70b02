"""What the study asks: for each table of the results, the work of one fold, and its rows."""
