"""From observations to datasets: pure functions on the host."""
