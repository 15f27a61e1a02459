"""What test answers prove: scores, how sure they are, for whom they hold."""
