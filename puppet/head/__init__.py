"""The mesh of a head: which vertices it has, its openings, what lies behind them, and its texture's layout."""
