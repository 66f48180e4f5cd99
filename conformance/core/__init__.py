"""The vocabulary: exchanges, rules, cases, results, and what derives one from another. Pure: no input or output."""
