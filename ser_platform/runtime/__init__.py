"""Ray: join a cluster or start one here, spread work over it, count what fits."""
