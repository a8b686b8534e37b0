"""The carriage: it moves bytes with a key and headers, keeps time and state, and knows no business word."""
