"""Studies on paper: time, cost and bottleneck from 1 to 1,000 GPUs, by simulation."""
