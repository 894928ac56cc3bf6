"""What training asks of a network; configuration, layers, losses."""
